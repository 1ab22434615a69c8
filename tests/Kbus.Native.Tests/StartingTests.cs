using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>What the shipped programs, and the library, do before their runtime starts: it is so only of what was compiled ahead of time.</summary>
public sealed class StartingTests
{
    private static string Kbus { get; } = Path.Join(Checkout.Root, "artifacts", "aot", "out", "kbus", "Kbus.Cli");

    private static string Kbusd { get; } = Path.Join(Checkout.Root, "artifacts", "aot", "out", "kbusd", "kbusd");

    [Theory]
    [InlineData("send '$.A' x <&- >&-", 1, "kbus: descriptor 1 cannot be written to: EBADF: Bad file descriptor.\n")]
    [InlineData("send '$.A' x >&- 2>&-", 1, "")]
    [InlineData("call '$.Nobody' x <&- 2>&-", 1, "")]
    [InlineData("send '$.A' --file - <&-", 1, "kbus: standard input cannot be read: EBADF (Bad file descriptor).\n")]
    [InlineData("send '$.A' --file - <&- >&- 2>&-", 1, "")]
    public async Task A_command_whose_standard_descriptors_are_closed_works_or_says_EBADF_and_writes_into_nothing_else(string arguments, int code, string errors) =>
        Assert.Equal(new CProgram.Ending(code, "", errors), await Shell($"exec '{Kbus}' {arguments}"));

    [Fact]
    public async Task A_command_that_needs_no_standard_descriptor_works_without_them() =>
        Assert.Equal(new CProgram.Ending(0, "0\n", ""), await Shell($"""
            mkfifo "$KBUS_RUNTIME_DIR/answers"
            '{Kbus}' reply '$.Asked' -n 1 --ready-fd 5 5>"$KBUS_RUNTIME_DIR/answers" <&- >/dev/null 2>&- &
            read -r id <"$KBUS_RUNTIME_DIR/answers"
            '{Kbus}' call '$.Asked' x <&- 2>&- >/dev/null
            echo $?
            wait
            """));

    [Theory]
    [InlineData("<&-", "0")]
    [InlineData(">&-", "1")]
    [InlineData("2>&-", "2")]
    [InlineData("<&- >&-", "0 1")]
    [InlineData("<&- 2>&-", "0 2")]
    [InlineData(">&- 2>&-", "1 2")]
    [InlineData("<&- >&- 2>&-", "0 1 2")]
    public async Task A_daemon_whose_standard_descriptors_are_closed_has_dev_null_there(string closing, string closed)
    {
        string links = string.Concat(closed.Split(' ').Select(_ => "/dev/null\n"));
        CProgram.Ending ending = await Shell($"""
            '{Kbusd}' --runtime-dir "$KBUS_RUNTIME_DIR/own" --exit-when-idle 2 {closing} &
            until [ -S "$KBUS_RUNTIME_DIR/own/control" ]; do :; done
            for number in {closed}; do readlink /proc/$!/fd/$number; done
            wait $!
            echo $?
            """);
        Assert.Equal((0, $"{links}0\n"), (ending.ExitCode, ending.Output));
    }

    [Fact]
    public async Task A_daemon_that_a_command_without_standard_descriptors_starts_serves() =>
        Assert.Equal(new CProgram.Ending(0, "1\nkbusd\n", ""), await Shell($"""
            export KBUS_RUNTIME_DIR="$KBUS_RUNTIME_DIR/own" KBUS_AUTOSTART=1 KBUS_DAEMON='{Kbusd}'
            '{Kbus}' send '$.A' x <&- >&- 2>&-
            echo $?
            p=$('{Kbus}' status --json | sed 's/.*"pid": *\([0-9]*\).*/\1/;q')
            cat /proc/$p/comm
            kill -TERM $p
            """));

    [Theory]
    [InlineData("clone3", 1, "EPERM")]
    [InlineData("sysinfo", 1, "EPERM")]
    [InlineData("sysinfo", 38, "ENOSYS")]
    [InlineData("pipe2", 1, "EPERM")]
    [InlineData("rt_sigaction", 1, "EPERM")]
    public async Task A_program_whose_runtime_is_refused_a_system_call_names_it(string call, int number, string error)
    {
        string refuse = CProgram.Compile("refuse.c");
        try
        {
            string reason = $": The system call {call} fails with {error}: the kernel or a filter of system calls (seccomp) refuses it. KBUS cannot do without it.\n";
            string code = $"{number}";
            Assert.Equal(new CProgram.Ending(1, "", $"kbus{reason}"), await CProgram.Run(refuse, call, code, Kbus, "send", "$.A"));
            Assert.Equal(new CProgram.Ending(2, "", $"kbusd{reason}"), await CProgram.Run(refuse, call, code, Kbusd));
        }
        finally
        {
            File.Delete(refuse);
        }
    }

    [Theory]
    [InlineData("eventfd2", 1, "EPERM")]
    [InlineData("epoll_create1", 38, "ENOSYS")]
    public async Task A_daemon_that_is_refused_a_system_call_for_its_connections_names_it(string call, int number, string error)
    {
        string refuse = CProgram.Compile("refuse.c");
        try
        {
            CProgram.Ending ending = await CProgram.Run(refuse, call, $"{number}", Kbusd, "--runtime-dir", "/tmp/" + Path.GetRandomFileName());
            Assert.Equal(2, ending.ExitCode);
            Assert.Contains($"the system call {call} fails with {error} (", ending.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(refuse);
        }
    }

    [Fact]
    public async Task A_daemon_that_may_make_no_shared_memory_says_so_to_those_who_open_a_Ksock()
    {
        string refuse = CProgram.Compile("refuse.c");
        try
        {
            CProgram.Ending ending = await Shell($"""
                d="$KBUS_RUNTIME_DIR/own"
                '{refuse}' memfd_create 1 '{Kbusd}' --runtime-dir "$d" 2>/dev/null &
                until [ -S "$d/control" ]; do :; done
                KBUS_RUNTIME_DIR="$d" '{Kbus}' send '$.A'
                kill -TERM $!
                wait $!
                """);
            Assert.Equal(
                "kbus: EPERM: A link cannot be made: the system call memfd_create, without which kbusd makes none, fails with EPERM (Operation not permitted). "
                + "Let kbusd make this system call, for example by SystemCallFilter= in its unit.\n",
                ending.Error);
        }
        finally
        {
            File.Delete(refuse);
        }
    }

    [Fact]
    public async Task A_command_that_is_refused_a_system_call_of_the_handshake_does_not_blame_the_daemon()
    {
        string refuse = CProgram.Compile("refuse.c");
        try
        {
            CProgram.Ending ending = await CProgram.Run(refuse, "recvmsg", "1", Kbus, "send", "$.A");
            Assert.Contains("refuses this process a system call that every Ksock needs: sendmsg, recvmsg or ppoll.", ending.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(refuse);
        }
    }

    [Theory]
    [InlineData("DOTNET_GCHeapHardLimit=1000")]
    [InlineData("DOTNET_GCHeapHardLimit=600000")]
    [InlineData("DOTNET_GCRegionRange=1000")]
    public async Task A_limit_of_the_collector_that_is_too_small_is_named(string setting)
    {
        string reason = $": The .NET runtime cannot start with {setting}. Give it more, or take the setting away.\n";
        Assert.Equal(new CProgram.Ending(1, "", $"kbus{reason}"), await Shell($"{setting} exec '{Kbus}' send '$.A'"));
        Assert.Equal(new CProgram.Ending(2, "", $"kbusd{reason}"), await Shell($"{setting} exec '{Kbusd}'"));
    }

    /// <summary>In mounts of its own, so that nothing of the machine's is found or touched.</summary>
    [Fact]
    public async Task A_set_user_ID_program_is_not_led_to_a_bus_or_a_daemon_by_its_callers_environment()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can make a program that runs as another user");
        string program = CProgram.Compile("opened.c", "-Wl,--disable-new-dtags", "-Wl,-rpath,/run/p");
        try
        {
            const string script = """
                mount -t tmpfs -o mode=755,suid tmpfs /run && mkdir /run/p && cp -L "$1" "$2/libkbus.so.1" /run/p/ && mv "/run/p/${1##*/}" /run/p/plain || exit 1
                cp /run/p/plain /run/p/opened && chown 54321:54321 /run/p/opened && chmod 6755 /run/p/opened && chmod 755 /run/p/plain || exit 1
                mkdir -m 777 /run/p/its && printf '#!/bin/sh\ntouch /run/p/its/started\n' >/run/p/its/kbusd && chmod 755 /run/p/its/kbusd || exit 1
                chmod 755 "$KBUS_RUNTIME_DIR" || exit 1
                as_another() {
                    setpriv --reuid 54322 --regid 54322 --clear-groups env PATH=/run/p/its:$PATH KBUS_DAEMON=/run/p/its/kbusd KBUS_AUTOSTART=1 \
                        XDG_RUNTIME_DIR=/run/p/its HOME=/run/p/its DOTNET_GCHeapHardLimit=1 KBUS_TIME_SLICE_US=nonsense "$@"
                }
                /run/p/plain
                as_another KBUS_RUNTIME_DIR="$KBUS_RUNTIME_DIR" /run/p/opened
                as_another KBUS_RUNTIME_DIR= /run/p/opened words
                [ ! -e /run/p/its/started ] || echo "a daemon was started"
                mkdir -p /run/user/54321 && chown 54321 /run/user/54321 || exit 1
                cp "$3" /run/p/kbusd && chmod 755 /run/p/kbusd || exit 1
                setpriv --reuid 54321 --regid 54321 --clear-groups /run/p/kbusd --runtime-dir /run/user/54321/kbus 2>/dev/null &
                until [ -S /run/user/54321/kbus/control ]; do :; done
                chmod 755 /run/user/54321/kbus; chmod 666 /run/user/54321/kbus/bus0
                as_another KBUS_RUNTIME_DIR=/run/p/its /run/p/opened
                kill -TERM $!
                wait $!
                """;
            CProgram.Ending ending = await CProgram.Run(
                "unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", program, CompiledLibrary.Find().LibraryDirectory, Kbusd);
            const string why = "ENOENT: No kbusd answers in /run/kbus or /run/user/54321/kbus. This program has more rights than the user who started it, "
                + "so it starts none. Start one with 'kbusd'.";
            Assert.Equal(new CProgram.Ending(0, $"Ksock 1\nerror 2\nerror 2\n{why}\nKsock 1\n", ""), ending);
        }
        finally
        {
            File.Delete(program);
        }
    }

    /// <summary>From so few that the runtime cannot start, to enough.</summary>
    [Fact]
    public async Task A_command_that_can_have_few_threads_works_or_says_so_in_a_sentence()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become a user whose processes are counted");
        const string script = """
            d=$(mktemp -d) && cp "$1" "$d/kbus" && chmod 755 "$d" "$d/kbus" "$KBUS_RUNTIME_DIR" && chmod 666 "$KBUS_RUNTIME_DIR/bus0" || exit 1
            for threads in 1 2 3 4 5 6 7 8 9 10 11 12; do
                printf 'one\ntwo\n' | setpriv --reuid 61240 --regid 61240 --clear-groups bash -c 'ulimit -u "$0"; exec "$@"' \
                    $threads "$d/kbus" send --lines '$.A' >/dev/null 2>"$d/errors"
                echo "$? $(cat "$d/errors")"
            done
            rm -r "$d"
            """;
        CProgram.Ending ending = await CProgram.Run("/bin/sh", "-c", script, "sh", Kbus);
        Assert.Equal((0, ""), (ending.ExitCode, ending.Error));
        string[] endings = ending.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(12, endings.Length);
        Assert.All(endings, e => Assert.Matches("^(0 |1 kbus: [A-Z].*\\.|1 kbus: [a-z].*\\.)$", e));
        Assert.Contains(endings, e => e.Contains("can have no further thread", StringComparison.Ordinal));
        Assert.Equal("0 ", endings[^1]);
    }

    [Fact]
    public async Task A_user_who_has_no_place_for_a_daemon_hears_so()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        const string script = """
            mount -t tmpfs -o mode=755 tmpfs /run && cp "$1" /run/kbus-command && chmod 755 /run/kbus-command || exit 1
            exec setpriv --reuid 54321 --regid 54321 --clear-groups env -u HOME -u XDG_RUNTIME_DIR -u KBUS_RUNTIME_DIR -u KBUS_AUTOSTART /run/kbus-command send '$.A'
            """;
        Assert.Equal(
            new CProgram.Ending(4, "",
                "kbus: ENOENT: No kbusd answers in /run/kbus, and one of this user has no place: neither XDG_RUNTIME_DIR nor HOME is set. "
                + "Set KBUS_RUNTIME_DIR to a directory.\n"),
            await CProgram.Run("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", Kbus));
    }

    /// <summary>A stand-in for fusermount3 says what it was started with. In mounts of its own, so that nothing of the machine's is touched.</summary>
    [Fact]
    public async Task What_the_daemon_starts_to_mount_device_files_has_no_signal_blocked_or_ignored_and_the_usual_limit_of_descriptors()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        Assert.SkipUnless(File.Exists("/usr/bin/fusermount3") && File.Exists("/dev/fuse"), "there is no fusermount3 here");
        const string script = """
            mount -t tmpfs -o mode=755 tmpfs /run && cp "$1" /run/kbusd && chmod 755 /run/kbusd && mkdir -m 777 /run/said || exit 1
            printf '#!/bin/sh\n{ grep -E "^Sig(Blk|Ign):" /proc/self/status; ulimit -S -n; } >/run/said/mounting\nexit 1\n' >/run/fusermount3
            chmod 755 /run/fusermount3 && mount --bind /run/fusermount3 /usr/bin/fusermount3 || exit 1
            mknod /run/fuse c 10 229 && chmod 666 /run/fuse && mount --bind /run/fuse /dev/fuse || exit 1
            ulimit -S -n 500 && ulimit -H -n 5000 || exit 1
            setpriv --reuid 54321 --regid 54321 --clear-groups /run/kbusd --runtime-dir /run/said/kbus --devices 2>/dev/null
            echo $?
            cat /run/said/mounting
            """;
        CProgram.Ending ending = await CProgram.Run("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", Kbusd);
        Assert.Equal(new CProgram.Ending(0, "2\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n1024\n", ""), ending);
    }

    private static Task<CProgram.Ending> Shell(string script) => CProgram.Run("/bin/sh", "-c", script);
}

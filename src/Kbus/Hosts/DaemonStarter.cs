using System.Runtime.InteropServices;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>Starts a daemon for a user who has none. It ends by itself when its last Ksock has been closed for a while.</summary>
/// <remarks>Several processes may do this at once: the directory's lock decides which daemon stays, and all of them then find it.</remarks>
internal static class DaemonStarter
{
    private const string IdleSeconds = "30";
    private const long FirstPause = 1_000_000;
    private const long LongestPause = 50_000_000;

    // The shell ends at once and what it started goes on without a parent of ours, so it is never ours to wait for; its stdio is its own but for
    // the errors, which we hear, and so are its working directory and the permissions of what it makes. What systemd told this process about itself is
    // not for the daemon.
    //
    // Where the user's service manager runs, the daemon becomes a unit of it: else it would be in the control group of this process, and end when
    // the service or session of that ends. The manager may be one that does not answer, has no such program, or sees other directories: then the daemon
    // is started here. Limits are raised before it begins, as far as the shell knows them: with too little address space it could not.
    private const string Script = """
        cd / && umask 022 && unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_PIDFDID LISTEN_FDNAMES INVOCATION_ID
        control=$1
        shift
        as_unit() {
            [ -n "$XDG_RUNTIME_DIR" ] && [ -O "$XDG_RUNTIME_DIR" ] || return
            [ -S "$XDG_RUNTIME_DIR/systemd/private" ] || [ -S "$XDG_RUNTIME_DIR/bus" ] || return
            timeout 3 systemd-run --user --quiet --collect --service-type=notify --description='KBUS: messages between processes of this user' \
                --property=WorkingDirectory=/ --property=UMask=0022 ${DOTNET_ROOT:+"--setenv=DOTNET_ROOT=$DOTNET_ROOT"} \
                ${KBUS_TIME_SLICE_US:+"--setenv=KBUS_TIME_SLICE_US=$KBUS_TIME_SLICE_US"} -- "$@" >/dev/null 2>&1 && [ -S "$control" ]
        }
        start() {
            as_unit "$@" && return
            for limit in d f l m n p t u v; do
                ulimit -S -$limit "$(ulimit -H -$limit)"
            done 2>/dev/null
            exec setsid "$@"
        }
        start "$@" </dev/null >/dev/null &
        """;

    /// <summary>Why this process starts no daemon: its environment, which the daemon would inherit, cannot be trusted, or forbids it. Null if it may.</summary>
    public static string? WhyNotAllowed =>
        !TrustedEnvironment.IsTrusted ? "This program has more rights than the user who started it, so it starts none"
        : TrustedEnvironment.Variable("KBUS_AUTOSTART") == "0" ? "KBUS_AUTOSTART=0 forbids to start one"
        : null;

    /// <summary>Starts a daemon on a directory and waits until one answers there.</summary>
    /// <exception cref="KbusException">
    /// ENOENT: no kbusd program is to be found, or it could not serve, for the reason that the message says. ETIMEDOUT: it did not begin to answer.
    /// </exception>
    public static void Start(string directory, Deadline deadline)
    {
        string program = Find() ?? throw Refusals.Of(
            Errno.ENOENT, "program", $"No kbusd answers in {directory}, and no kbusd program is to be found to start one.", self: null, "open");
        using StartingWords words = Run(Path.GetFullPath(program), Path.GetFullPath(directory));
        string control = RuntimeDirectory.ControlSocket(directory);
        long pause = FirstPause;
        while (!deadline.HasPassed)
        {
            // Looked at before the socket is tried: who has said all that it had to say answers by then, or never.
            bool hasEnded = words.HaveEnded;
            if (UnixSocket.Connect(control, deadline, out Descriptor? answer) >= 0)
            {
                answer!.Dispose();
                return;
            }

            if (hasEnded && words.Text.Length > 0)
            {
                throw Refusals.Of(Errno.ENOENT, "start", words.Describe(program, directory), self: null, "open");
            }

            words.Hear(deadline.NanosecondsAtMost(pause));
            pause = Math.Min(pause * 2, LongestPause);
        }

        throw Refusals.Of(
            Errno.ETIMEDOUT,
            "open",
            words.Text.Length > 0 ? words.Describe(program, directory) : $"{program} was started and said nothing, but nothing began to answer in {directory}.",
            self: null,
            "open");
    }

    private static StartingWords Run(string program, string directory)
    {
        int result = LibC.Pipe(out int readEnd, out int writeEnd);
        if (result < 0)
        {
            throw Refusals.Of((Errno)(-result), null, "kbusd cannot be started, since this process can have no pipe to it.", self: null, "open");
        }

        var words = new StartingWords(new Descriptor(readEnd));
        using var errors = new Descriptor(writeEnd);
        string control = RuntimeDirectory.ControlSocket(directory);
        string[] arguments = ["-c", Script, "sh", control, program, "--runtime-dir", directory, "--exit-when-idle", IdleSeconds, "--detached"];
        PromptThread.AsMostThreads(() => result = LibC.Run("/bin/sh", writeEnd, arguments));
        if (result < 0)
        {
            words.Dispose();
            throw Refusals.Of((Errno)(-result), null, "kbusd cannot be started, since /bin/sh cannot.", self: null, "open");
        }

        return words;
    }

    /// <summary>Where the daemon's program is; null if nowhere.</summary>
    private static string? Find()
    {
        if (TrustedEnvironment.Variable("KBUS_DAEMON") is { } named)
        {
            // Said at once: a name that is wrong would else look like a daemon that does not answer, ten seconds later.
            return File.Exists(named) ? named : throw Refusals.Of(
                Errno.ENOENT, "program", $"No kbusd answers, KBUS_DAEMON is '{named}', and there is no such program to start.", self: null, "open");
        }

        string? path = TrustedEnvironment.Variable("PATH");
        IEnumerable<string> places = [AppContext.BaseDirectory, .. Packaged(), .. path?.Split(':') ?? [], "/usr/local/bin", "/usr/bin", "/usr/libexec"];
        return places.Where(p => p.Length > 0).Select(p => Path.Join(p, "kbusd")).FirstOrDefault(File.Exists);
    }

    /// <summary>Where the daemon lies that the NuGet package brought, if the program was not published for one kind of machine.</summary>
    /// <remarks>
    /// The .NET host names the folders of the native files of all packages; for a program that is built and not published they may be in the package
    /// cache. The last place is that of a .NET tool, whose host knows of no such files.
    /// </remarks>
    private static IEnumerable<string> Packaged()
    {
        string? folders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
        string? machine = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "linux-x64",
            Architecture.Arm64 => "linux-arm64",
            _ => null,
        };
        return machine is null ? [] : [.. folders?.Split(':') ?? [], Path.Join(AppContext.BaseDirectory, "runtimes", machine, "native")];
    }
}

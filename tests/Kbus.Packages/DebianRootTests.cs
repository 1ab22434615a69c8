namespace Kbus.Packages;

/// <summary>The packages for Debian in a whole system made for this: installed, upgraded, removed, purged.</summary>
public sealed class DebianRootTests
{
    private const string Conffile = "/etc/default/kbusd";

    [Fact]
    [Trait("Length", "long")]
    public async Task A_fresh_system_runs_it_keeps_what_was_configured_and_is_left_as_it_was()
    {
        using var place = new CleanPlace();
        if (System.Environment.UserName != "root" || !File.Exists("/usr/sbin/debootstrap"))
        {
            Assert.Skip("Only root can make a system of Debian in a folder, with debootstrap.");
        }

        string root = Path.Join(place.Folder, "root");
        await MakeSystemAsync(place, root);
        string before = await ListAsync(place, root);
        string packages = Directory.CreateDirectory(Path.Join(root, "packages")).FullName;
        foreach (string deb in Directory.GetFiles(Made.Packages, "*.deb"))
        {
            File.Copy(deb, Path.Join(packages, Path.GetFileName(deb)));
        }

        // Installed.
        await InAsync(place, root, "dpkg --install /packages/*.deb && ldconfig");
        Assert.Equal($"kbusd {Made.Version}\n", await InAsync(place, root, "kbusd --version"));
        Assert.Contains("kbus:x:", await InAsync(place, root, "getent passwd kbus"), StringComparison.Ordinal);
        const string Program = "import kbus; k = kbus.Ksock(); k.bind('$.Fred'); k.send_msg(kbus.Message('$.Fred', 'abc')); print(k.wait_for_msg().data)";
        Assert.Equal("b'abc'\n", await InAsync(place, root, $"KBUS_RUNTIME_DIR=/run/try python3 -c \"{Program}\""));
        Assert.Contains("data='hello'", await InAsync(place, root, "KBUS_RUNTIME_DIR=/run/try kbus send '$.Fred' hello"), StringComparison.Ordinal);

        // Upgraded: a higher version of the same. What the administrator wrote stays.
        await InAsync(place, root, $"echo '# mine' >> {Conffile}");
        await InAsync(place, root, "for deb in /packages/*.deb; do name=$(dpkg-deb -f $deb Package); dpkg-deb -R $deb /tmp/$name"
            + $" && sed -i 's/{Made.Version}/{Made.Version}+next/' /tmp/$name/DEBIAN/control /tmp/$name/DEBIAN/shlibs 2>/dev/null; dpkg-deb -b /tmp/$name /tmp/$name.deb; done"
            + " && dpkg --install --force-confold /tmp/*.deb");
        Assert.Contains($"{Made.Version}+next", await InAsync(place, root, "dpkg-query --show --showformat '${Version}' kbus"), StringComparison.Ordinal);
        Assert.EndsWith("# mine\n", await InAsync(place, root, $"cat {Conffile}"), StringComparison.Ordinal);

        // Removed: nothing is left but what was configured.
        await InAsync(place, root, "dpkg --remove kbus libkbus1 libkbus-dev python3-kbus");
        Assert.EndsWith("# mine\n", await InAsync(place, root, $"cat {Conffile}"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await place.TryRunAsync("chroot", root, "/usr/bin/test", "-e", "/usr/bin/kbusd")).Code);

        // Purged: nothing is left at all.
        await InAsync(place, root, "dpkg --purge kbus libkbus1 libkbus-dev python3-kbus && ldconfig");
        Assert.NotEqual(0, (await place.TryRunAsync("chroot", root, "/usr/bin/getent", "passwd", "kbus")).Code);
        Directory.Delete(packages, recursive: true);
        await InAsync(place, root, "rm -rf /tmp/* /run/try");
        Assert.Equal(before, await ListAsync(place, root));
    }

    /// <summary>A system with what the packages need, from where this machine gets its packages.</summary>
    private static async Task MakeSystemAsync(CleanPlace place, string root)
    {
        string[] sources = (await place.RunAsync("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT) $(CREATED_BY)"))
            .Split('\n').Where(l => l.EndsWith(" main Packages", StringComparison.Ordinal) && !l.Contains("updates", StringComparison.Ordinal)
                && !l.Contains("security", StringComparison.Ordinal)).ToArray();
        string? source = sources.FirstOrDefault(s => s.Contains("debian", StringComparison.Ordinal)) ?? sources.FirstOrDefault();
        if (source is null)
        {
            Assert.Skip("This machine has no source of Debian packages.");
        }

        string[] parts = source.Split(' ');
        (int code, string output) = await place.TryRunAsync(
            "debootstrap", "--variant=minbase", "--include=adduser,python3,libc6-dev", parts[1], root, parts[0]);
        if (code != 0)
        {
            Assert.Skip($"No fresh system could be made: {output[^Math.Min(output.Length, 2000)..]}");
        }
    }

    /// <summary>Every file and folder, but for those that a package manager keeps for itself and those that change by themselves.</summary>
    private static async Task<string> ListAsync(CleanPlace place, string root) =>
        await place.RunAsync("sh", "-c", $"cd '{root}' && find . -xdev -not -path './proc/*' -not -path './sys/*' -not -path './dev/*' -not -path './var/lib/dpkg/*'"
            + " -not -path './var/log/*' -not -path './var/cache/*' -not -path ./run/adduser -not -name '*-' -not -name __pycache__ -not -name '*.pyc' | LC_ALL=C sort");

    /// <summary>Runs a command in the system, with a /proc and processes of its own: what it starts ends with it.</summary>
    private static Task<string> InAsync(CleanPlace place, string root, string command) => place.RunAsync(
        "unshare", "--mount", "--pid", "--fork", "--kill-child", $"--mount-proc={root}/proc", "chroot", root, "/bin/sh", "-ec", command);
}

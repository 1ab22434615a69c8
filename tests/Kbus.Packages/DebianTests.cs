namespace Kbus.Packages;

/// <summary>The packages for Debian, looked at and unpacked. <see cref="DebianRootTests"/> installs them.</summary>
public sealed class DebianTests
{
    private static readonly string[] Names = ["kbus", "libkbus1", "libkbus-dev", "python3-kbus"];

    public static TheoryData<string> Packages => [.. Names];

    [Fact]
    public void There_is_a_package_for_each_part() =>
        Assert.Equal(
            Names.Order(StringComparer.Ordinal),
            Directory.GetFiles(Made.Packages, "*.deb").Select(f => Path.GetFileName(f).Split('_')[0]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task Lintian_finds_no_error(string package)
    {
        if (!File.Exists("/usr/bin/lintian"))
        {
            Assert.Skip("There is no lintian here, and no package that brings it.");
        }

        using var place = new CleanPlace();
        (int code, string output) = await place.TryRunAsync("lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", PathOf(package));
        Assert.True(code == 0, output);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task A_package_has_the_version_and_only_files_of_root(string package)
    {
        using var place = new CleanPlace();
        Assert.Equal(Made.Version, (await place.RunAsync("dpkg-deb", "--field", PathOf(package), "Version")).Trim());
        string[] lines = (await place.RunAsync("dpkg-deb", "--contents", PathOf(package))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, l => Assert.Equal("root/root", l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
    }

    [Fact]
    public async Task Units_can_be_loaded_by_systemd()
    {
        using var place = new CleanPlace();
        if (!File.Exists("/usr/bin/systemd-analyze"))
        {
            Assert.Skip("There is no systemd-analyze here, and no package that brings it.");
        }

        await UnpackAsync(place, "kbus");
        string system = Path.Join(place.Folder, "usr/lib/systemd/system");
        string[] units = [.. Directory.GetFiles(system).Select(Path.GetFileName).Select(u => u!.Replace("@.", "@0.", StringComparison.Ordinal))];
        Assert.Equal(4, units.Length);

        // Programs are looked for from the real root, and the packages' are not installed here.
        foreach (string unit in Directory.GetFiles(system))
        {
            File.WriteAllText(unit, File.ReadAllText(unit).Replace("/usr/bin/kbus", $"{place.Folder}/usr/bin/kbus", StringComparison.Ordinal));
        }

        place.Environment["SYSTEMD_UNIT_PATH"] = $"{system}:/usr/lib/systemd/system:/lib/systemd/system";
        foreach (string unit in units)
        {
            string output = await place.RunAsync("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", Path.Join(system, unit));
            Assert.DoesNotContain("kbus", output, StringComparison.Ordinal);
        }

        string users = Path.Join(place.Folder, "usr/lib/systemd/user/kbusd.service");
        File.WriteAllText(users, File.ReadAllText(users).Replace("/usr/bin/kbus", $"{place.Folder}/usr/bin/kbus", StringComparison.Ordinal));
        place.Environment["XDG_RUNTIME_DIR"] = place.Folder;
        Assert.DoesNotContain(
            "kbus", await place.RunAsync("systemd-analyze", "verify", "--user", "--man=no", "--recursive-errors=no", users), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_in_C_is_compiled_with_the_development_package_and_runs()
    {
        using var place = new CleanPlace();
        await UnpackAsync(place, Names);
        File.WriteAllText(Path.Join(place.Folder, "hello.c"), """
            #include <kbus.h>
            #include <limpet.h>

            int main(void)
            {
                kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
                kbus_message_t *msg;

                if (ksock < 0 || kbus_ksock_bind(ksock, "$.Hello", 0) < 0) {
                    fprintf(stderr, "%s\n", kbus_last_error());
                    return 1;
                }
                kbus_msg_create(&msg, "$.Hello", 7, "world", 5, 0);
                kbus_ksock_send_msg(ksock, msg, NULL);
                kbus_msg_delete(&msg);
                kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE);
                kbus_ksock_read_next_msg(ksock, &msg);
                kbus_msg_print(stdout, msg);
                printf("\n%s %s %d.%d.%d\n", kbus_version(), KBUS_VERSION, KBUS_VERSION_MAJOR, KBUS_VERSION_MINOR, KBUS_VERSION_PATCH);
                kbus_msg_delete(&msg);
                return kbus_ksock_close(ksock);
            }
            """);
        string triplet = (await place.RunAsync("gcc", "-print-multiarch")).Trim();
        string library = Path.Join(place.Folder, "usr/lib", triplet);
        place.Environment["PKG_CONFIG_PATH"] = Path.Join(library, "pkgconfig");
        place.Environment["PKG_CONFIG_SYSROOT_DIR"] = place.Folder;
        Assert.Equal(Made.Version, (await place.RunAsync("pkg-config", "--modversion", "kbus")).Trim());
        string[] flags = (await place.RunAsync("pkg-config", "--cflags", "--libs", "kbus")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string expected = $"<Announcement '$.Hello' id=[0:1] from=1 data=world>\n{Made.Version} {Made.Version} {Made.Version}\n";
        place.Environment["PATH"] = $"{place.Folder}/usr/bin:{System.Environment.GetEnvironmentVariable("PATH")}";

        await place.RunAsync("gcc", ["-Wall", "-Wextra", "-Werror", "hello.c", "-o", "shared", .. flags, $"-Wl,-rpath,{library}"]);
        Assert.Equal(expected, await place.RunAsync(Path.Join(place.Folder, "shared")));
        Assert.Equal($"{place.Folder}/usr/bin/kbusd", place.Daemon);

        await place.RunAsync(
            "gcc", "-Wall", "-Wextra", "-Werror", "hello.c", "-o", "whole", $"-I{place.Folder}/usr/include", $"{library}/libkbus.a", "-lm", "-ldl", "-lpthread", "-Wl,--gc-sections");
        Assert.Equal(expected.Replace("[0:1] from=1", "[0:2] from=2", StringComparison.Ordinal), await place.RunAsync(Path.Join(place.Folder, "whole")));
    }

    [Fact]
    public async Task The_Python_package_runs_with_the_library_package()
    {
        using var place = new CleanPlace();
        await UnpackAsync(place, Names);
        string triplet = (await place.RunAsync("gcc", "-print-multiarch")).Trim();
        place.Environment["LD_LIBRARY_PATH"] = Path.Join(place.Folder, "usr/lib", triplet);
        place.Environment["PYTHONPATH"] = Path.Join(place.Folder, "usr/lib/python3/dist-packages");
        place.Environment["PATH"] = $"{place.Folder}/usr/bin:{System.Environment.GetEnvironmentVariable("PATH")}";
        const string Program = """
            import kbus
            with kbus.Ksock() as ksock:
                ksock.bind("$.Fred")
                ksock.send_msg(kbus.Message("$.Fred", "abc"))
                print(ksock.wait_for_msg(), kbus.__version__)
            """;
        Assert.Equal(
            $"<Announcement '$.Fred', id=[0:1], from=1, data=b'abc'> {Made.Version}\n", await place.RunAsync("/usr/bin/python3", "-c", Program));
    }

    internal static string PathOf(string package) => Made.Package($"{package}_*.deb");

    private static async Task UnpackAsync(CleanPlace place, params string[] packages)
    {
        foreach (string package in packages)
        {
            await place.RunAsync("dpkg-deb", "--extract", PathOf(package), place.Folder);
        }
    }
}

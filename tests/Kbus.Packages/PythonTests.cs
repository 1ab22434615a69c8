using System.IO.Compression;

namespace Kbus.Packages;

/// <summary>The wheel and the source package, installed by pip where there is nothing else, without a network.</summary>
public sealed class PythonTests
{
    private const string Program = """
        import kbus
        with kbus.Ksock() as ksock:
            ksock.bind("$.Fred")
            ksock.send_msg(kbus.Message("$.Fred", "abc"))
            print(ksock.wait_for_msg(), kbus.__version__)
        """;

    private static readonly string Expected = $"<Announcement '$.Fred', id=[0:1], from=1, data=b'abc'> {Made.Version}\n";

    [Fact]
    public async Task A_wheel_is_installed_in_an_environment_of_its_own_and_brings_all_it_needs()
    {
        using var place = new CleanPlace();
        string python = await MakeEnvironmentAsync(place);
        await place.RunAsync(python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", Made.Package("kbus-*.whl"));
        Assert.Equal(Expected, await place.RunAsync(python, "-c", Program));
        Assert.StartsWith(place.Folder, place.Daemon, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wheel_names_the_C_library_that_it_needs()
    {
        using var place = new CleanPlace();
        string wheel = Made.Package("kbus-*.whl");
        await ZipFile.ExtractToDirectoryAsync(wheel, place.Folder);
        string needed = (await place.RunAsync(
            "python3", Path.Join(Checkout.Root, "eng", "elf.py"), "glibc", Path.Join(place.Folder, "kbus", "libkbus.so"), Path.Join(place.Folder, "kbus", "kbusd"))).Trim();
        Assert.Contains($"-py3-none-manylinux_{needed.Replace('.', '_')}_", Path.GetFileName(wheel), StringComparison.Ordinal);
        Version newest = (await place.RunAsync("readelf", "--wide", "--dyn-syms", Path.Join(place.Folder, "kbus", "libkbus.so"), Path.Join(place.Folder, "kbus", "kbusd")))
            .Split((char[])[' ', '\n']).Where(w => w.Contains("@GLIBC_2", StringComparison.Ordinal)).Select(w => Version.Parse(w.Split("@GLIBC_")[1])).Max()!;
        Assert.Equal(newest, Version.Parse(needed));
    }

    [Fact]
    public async Task The_source_package_is_installed_and_uses_the_library_of_the_system()
    {
        using var place = new CleanPlace();
        string python = await MakeEnvironmentAsync(place);
        string source = Made.Package("kbus-*.tar.gz");
        await place.RunAsync(python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", source);
        string about = await place.RunAsync(python, "-m", "pip", "show", "--verbose", "--files", "kbus");
        Assert.Contains($"Version: {Made.Version}\n", about, StringComparison.Ordinal);
        Assert.Contains("kbus/py.typed", about, StringComparison.Ordinal);

        place.Environment["KBUS_LIBRARY"] = Path.Join(Checkout.Root, "dist", "lib", "libkbus.so");
        Assert.Equal(Expected, await place.RunAsync(python, "-c", Program));

        string description = await place.RunAsync("tar", "--extract", "--to-stdout", "--file", source, $"kbus-{Made.Version}/PKG-INFO");
        Assert.Contains("\nRequires-External: libkbus.so.1\n", description, StringComparison.Ordinal);
    }

    private static async Task<string> MakeEnvironmentAsync(CleanPlace place)
    {
        string folder = Path.Join(place.Folder, "venv");
        await place.RunAsync("/usr/bin/python3", "-m", "venv", folder);
        return Path.Join(folder, "bin", "python3");
    }
}

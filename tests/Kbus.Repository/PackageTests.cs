using System.IO.Compression;

namespace Kbus.Repository;

/// <summary>The libraries as packages, for programs of .NET that refer to them.</summary>
public sealed class PackageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Packing_the_libraries_warns_of_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("kbus-").FullName;
        try
        {
            (int exitCode, string output) = await Checkout.Run(
                Limit, "dotnet", "pack", "eng/packages.slnf", "-c", "Release", "-o", folder, "-warnaserror", "-v", "quiet", "--nologo", "--disable-build-servers");
            Assert.True(exitCode == 0 && !output.Contains("warn", StringComparison.OrdinalIgnoreCase), output);
            string[] packages = [.. Directory.GetFiles(folder).Select(f => Path.GetFileName(f).Split(".0.", 2)[0]).Order(StringComparer.Ordinal)];
            Assert.Equal(["Kbus", "Kbus.Core", "Kbus.Limpet", "Kbus.Link"], packages);
            Assert.All(Directory.GetFiles(folder), Check);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_AppArmor_profile_that_is_packaged_can_be_compiled()
    {
        (int exitCode, string output) = await Checkout.Run(
            Limit, "/usr/sbin/apparmor_parser", "--skip-kernel-load", "--skip-cache", "packaging/apparmor/usr.bin.kbusd");
        Assert.True(exitCode == 0, output);
    }

    /// <summary>With programs that are here; a template stands for one instance.</summary>
    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_the_units_of_the_package()
    {
        string folder = Directory.CreateTempSubdirectory("kbus-").FullName;
        try
        {
            string[] units = [.. Checkout.Files.Where(f => Path.GetDirectoryName(f) == "packaging/systemd")];
            Assert.Contains("packaging/systemd/kbus-limpet@.service", units);
            string[] copies = [.. units.Select(u => Path.Join(folder, Path.GetFileName(u).Replace("@.", "@0.", StringComparison.Ordinal)))];
            foreach ((string unit, string copy) in units.Zip(copies))
            {
                string text = Checkout.Text(unit).Replace("/usr/bin/kbusd", "/bin/true", StringComparison.Ordinal).Replace("/usr/bin/kbus", "/bin/true", StringComparison.Ordinal);
                await File.WriteAllTextAsync(copy, text, TestContext.Current.CancellationToken);
            }

            Assert.Equal((0, ""), await Checkout.Run(Limit, "/usr/bin/systemd-analyze", ["verify", "--man=no", .. copies]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Check(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        ZipArchiveEntry description = archive.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        string name = Path.GetFileNameWithoutExtension(description.FullName);
        Assert.All(["README.md", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml"], f => Assert.NotNull(archive.GetEntry(f)));
        using var reader = new StreamReader(description.Open());
        string text = reader.ReadToEnd();
        Assert.All(["<license type=\"expression\">MIT</license>", "<readme>README.md</readme>", "<description>"], t => Assert.Contains(t, text, StringComparison.Ordinal));
        Assert.DoesNotContain("Package Description", text, StringComparison.Ordinal);
    }
}

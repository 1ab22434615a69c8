namespace Kbus.Repository;

/// <summary>What packages contain besides programs. Kbus.Packages tests the packages.</summary>
public sealed class PackageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

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
}

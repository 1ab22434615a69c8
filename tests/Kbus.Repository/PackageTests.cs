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
}

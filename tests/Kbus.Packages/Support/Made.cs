namespace Kbus.Packages;

/// <summary>What this checkout has made: packages, and their version.</summary>
internal static class Made
{
    /// <summary>The one place of the version.</summary>
    public static string Version { get; } = Checkout.Text("VERSION").Trim();

    /// <summary>Where the packages are.</summary>
    public static string Packages { get; } = Path.Join(Checkout.Root, "dist", "packages");

    /// <summary>The one package whose name is like this.</summary>
    public static string Package(string pattern) => Assert.Single(Directory.GetFiles(Packages, pattern));
}

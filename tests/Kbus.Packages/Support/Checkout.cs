namespace Kbus.Packages;

/// <summary>The checkout that these tests were built in, and the packages that it made.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>The one place of the version.</summary>
    public static string Version { get; } = File.ReadAllText(Path.Join(Root, "VERSION")).Trim();

    /// <summary>Where the packages are.</summary>
    public static string Packages { get; } = Path.Join(Root, "dist", "packages");

    public static string Text(string file) => File.ReadAllText(Path.Join(Root, file));

    /// <summary>The one package whose name is like this.</summary>
    public static string Package(string pattern) => Assert.Single(Directory.GetFiles(Packages, pattern));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "Kbus.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("These tests must be built inside a checkout.");
    }
}

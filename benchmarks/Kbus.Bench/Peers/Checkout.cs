namespace Kbus.Bench.Peers;

/// <summary>The tree that this program was built in.</summary>
internal static class Checkout
{
    /// <summary>The folder of Kbus.slnx.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Kbus.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("This program must be built inside a checkout.");
    }
}

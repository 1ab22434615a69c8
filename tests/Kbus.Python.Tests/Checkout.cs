namespace Kbus.Python.Tests;

/// <summary>Files of the checkout that these tests were built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string Text(string file) => File.ReadAllText(Path.Join(Root, file));

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "Kbus.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("These tests must be built inside a checkout.");
    }
}

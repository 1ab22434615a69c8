using System.Diagnostics;

namespace Kbus.TestKit;

/// <summary>The checkout that the tests were built in.</summary>
public static class Checkout
{
    /// <summary>The folder of Kbus.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file that is or would be committed, relative to the root, with '/' between the parts.</summary>
    public static IReadOnlyList<string> Files => Listed.Value;

    private static Lazy<List<string>> Listed { get; } = new(ListFiles);

    /// <summary>The hand-written C# files below a folder.</summary>
    public static IEnumerable<string> CSharp(string below) =>
        Files.Where(f => f.StartsWith(below, StringComparison.Ordinal)
            && f.EndsWith(".cs", StringComparison.Ordinal)
            && !f.EndsWith(".g.cs", StringComparison.Ordinal));

    /// <summary>The lines of a file.</summary>
    public static string[] Lines(string file) => File.ReadAllLines(FullPath(file));

    /// <summary>The text of a file.</summary>
    public static string Text(string file) => File.ReadAllText(FullPath(file));

    /// <summary>Where a file lies.</summary>
    public static string FullPath(string file) => Path.Combine(Root, file);

    /// <summary>Runs a program in the root and gives its exit code and everything it said.</summary>
    public static async Task<(int ExitCode, string Output)> Run(TimeSpan limit, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        try
        {
            Task<string> said = process.StandardOutput.ReadToEndAsync();
            Task<string> complained = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(limit);
            return (process.ExitCode, await said.WaitAsync(limit) + await complained.WaitAsync(limit));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Kbus.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("These tests must be built inside a checkout.");
    }

    private static List<string> ListFiles()
    {
        (int exitCode, string output) = Run(
            TimeSpan.FromSeconds(180), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").GetAwaiter().GetResult();
        Assert.True(exitCode == 0, output);
        return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct().Where(f => File.Exists(FullPath(f)))];
    }
}

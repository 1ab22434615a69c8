using System.Diagnostics;

namespace Kbus.Packages;

/// <summary>A folder outside the tree, and programs that run there without anything of the checkout: no library, daemon or bus of its own.</summary>
internal sealed class CleanPlace : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kbus-").FullName;

    /// <summary>Where a bus of the programs here is.</summary>
    public string RuntimeDirectory => Path.Join(Folder, "run");

    /// <summary>What programs find in their environment besides.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Runs a program, which must end with exit code 0, and gives everything that it said.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int code, string output) = await TryRunAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}: {output}");
        return output;
    }

    /// <summary>Runs a program and gives its exit code and everything that it said.</summary>
    public async Task<(int Code, string Output)> TryRunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        try
        {
            // The daemon that a program starts keeps its standard error for a moment, and no longer.
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(Limit);
            return (process.ExitCode, await output.WaitAsync(Limit) + await errors.WaitAsync(Limit));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts a program that goes on.</summary>
    public Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsOfTheCheckout).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["KBUS_RUNTIME_DIR"] = RuntimeDirectory;
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>The program of the daemon that serves the bus of this place; null if there is none.</summary>
    public string? Daemon => Daemons().Select(d => d.Program).FirstOrDefault();

    public void Dispose()
    {
        foreach ((Process process, _) in Daemons())
        {
            process.Kill();
            process.WaitForExit();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static bool IsOfTheCheckout(string variable) =>
        variable.StartsWith("KBUS_", StringComparison.Ordinal) || variable is "PYTHONPATH" or "LD_LIBRARY_PATH" or "XDG_RUNTIME_DIR" or "CI"
        || variable.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase);

    /// <summary>The processes that serve this place's directory, and no others.</summary>
    private List<(Process Process, string? Program)> Daemons()
    {
        List<(Process, string?)> found = [];
        foreach (Process process in Process.GetProcessesByName("kbusd"))
        {
            try
            {
                if (File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0').Contains(RuntimeDirectory))
                {
                    found.Add((process, new FileInfo($"/proc/{process.Id}/exe").LinkTarget));
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return found;
    }
}

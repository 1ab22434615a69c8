using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Kbus.Python.Tests;

/// <summary>What came of the tests of one Python module, which are run together, once.</summary>
/// <param name="Wrong">What went wrong in each test; null if nothing did.</param>
/// <param name="Complaints">What stood on standard error.</param>
/// <param name="ExitCode">The interpreter's.</param>
internal sealed record PythonReport(IReadOnlyDictionary<string, string?> Wrong, string Complaints, int ExitCode)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly ConcurrentDictionary<string, Lazy<Task<PythonReport>>> Reports = new();

    /// <summary>The report about a module of <c>python/tests</c>.</summary>
    public static Task<PythonReport> Of(string module) => Reports.GetOrAdd(module, m => new Lazy<Task<PythonReport>>(() => Run(m))).Value;

    private static async Task<PythonReport> Run(string module)
    {
        using Process process = Process.Start(PythonInterpreter.Start("-m", "tests.report", "tests." + module))!;
        try
        {
            process.StandardInput.Close();
            Task<string> said = process.StandardOutput.ReadToEndAsync();
            Task<string> complaints = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(Limit);
            return new PythonReport(Read(await said), await complaints, process.ExitCode);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Dictionary<string, string?> Read(string said)
    {
        Dictionary<string, string?> wrong = [];
        foreach (string line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument test = JsonDocument.Parse(line);
            string name = test.RootElement.GetProperty("test").GetString()!;
            wrong[name.StartsWith("tests.", StringComparison.Ordinal) ? name["tests.".Length..] : name] = test.RootElement.GetProperty("wrong").GetString();
        }

        return wrong;
    }
}

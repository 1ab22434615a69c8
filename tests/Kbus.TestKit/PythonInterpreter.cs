using System.Diagnostics;

namespace Kbus.TestKit;

/// <summary>How an interpreter is started that finds the package of this checkout, its library, and the programs that were built for these tests.</summary>
public static class PythonInterpreter
{
    /// <summary>What to start it with.</summary>
    public static ProcessStartInfo Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", arguments)
        {
            WorkingDirectory = Path.Join(Checkout.Root, "python"),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.Join(Checkout.Root, "python");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["KBUS_LIBRARY"] = Library;
        start.Environment["KBUS_DAEMON"] = Path.Join(AppContext.BaseDirectory, "kbusd");
        start.Environment["KBUS_COMMAND"] = Path.Join(AppContext.BaseDirectory, "Kbus.Cli");
        return start;
    }

    /// <summary>The library that <c>./test</c> has compiled, unless the environment names another.</summary>
    private static string Library =>
        Environment.GetEnvironmentVariable("KBUS_LIBRARY") is { Length: > 0 } named ? named : Path.Join(Checkout.Root, "artifacts", "libkbus", "lib", "libkbus.so");
}

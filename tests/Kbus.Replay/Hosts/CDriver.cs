using System.Diagnostics;

namespace Kbus.Replay;

/// <summary>Traces through the C library and a real <c>kbusd</c>, one process of each for each trace.</summary>
internal sealed class CDriverFactory : ITraceHostFactory
{
    private static readonly Lazy<string> Program = new(Compile);

    public string Name => "c";

    public string Description => "the C library, by a C program, over links to a kbusd process";

    public ITraceHost Start(TraceMeta meta) => new DriverHost(meta, new ProcessStartInfo(Program.Value));

    private static string Compile()
    {
        string source = Path.Join(AppContext.BaseDirectory, "drivers", "driver.c");
        string program = Path.Join(AppContext.BaseDirectory, "drivers", $"driver-{Environment.ProcessId}");
        CompiledLibrary library = CompiledLibrary.Find();
        library.Compile(source, program);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(program);
        return program;
    }
}

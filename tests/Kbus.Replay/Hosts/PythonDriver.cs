using System.Diagnostics;

namespace Kbus.Replay;

/// <summary>Traces through the Python package over the C library, and a real <c>kbusd</c>; an interpreter for each trace.</summary>
internal sealed class PythonDriverFactory : ITraceHostFactory
{
    public string Name => "python";

    public string Description => "the Python package, by a Python program, over links to a kbusd process";

    public ITraceHost Start(TraceMeta meta)
    {
        var driver = new ProcessStartInfo("python3", [Path.Join(AppContext.BaseDirectory, "drivers", "driver.py")]);
        driver.Environment["PYTHONPATH"] = Path.Join(Checkout.Root, "python");
        driver.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        driver.Environment["KBUS_LIBRARY"] = Path.Join(CompiledLibrary.Find().LibraryDirectory, "libkbus.so");
        return new DriverHost(meta, driver);
    }
}

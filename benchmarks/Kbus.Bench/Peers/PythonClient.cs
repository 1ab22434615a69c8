namespace Kbus.Bench.Peers;

/// <summary>KBUS's client in Python: benchmarks/peers/kbus.py, with the package of this tree.</summary>
internal static class PythonClient
{
    /// <summary>The peer's client.</summary>
    public const string Name = "python";

    /// <summary>What it needs to be there.</summary>
    public static Need Interpreter { get; } = new("/usr/bin/python3", "python3");

    /// <summary>Starts it.</summary>
    public static StartedProcess Start(Scene scene, IEnumerable<string> arguments) => scene.Start(
        Interpreter.File,
        [Path.Combine(Checkout.Root, "benchmarks", "peers", "kbus.py"), .. arguments],
        ("PYTHONPATH", Path.Combine(Checkout.Root, "python")),
        ("KBUS_LIBRARY", Path.Combine(Checkout.Root, "artifacts", "libkbus", "lib", "libkbus.so")));
}

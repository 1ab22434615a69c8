namespace Kbus.Replay;

/// <summary>The hosts that traces can be played on, in the order in which they are offered. A new host is one more line here.</summary>
internal static class TraceHosts
{
    public static IReadOnlyList<ITraceHostFactory> All { get; } =
    [
        new CoreHostFactory(),
        new KbusdHostFactory(),
        new SequencedHostFactory(),
        new CDriverFactory(),
        new PythonDriverFactory(),
        new DevicesHostFactory(),
        new SequencedDevicesHostFactory(),
    ];

    /// <summary>The host called <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ITraceHostFactory Find(string name) =>
        All.FirstOrDefault(h => h.Name == name)
        ?? throw new ArgumentException($"There is no host '{name}'. There are: {string.Join(", ", All.Select(h => h.Name))}.", nameof(name));
}

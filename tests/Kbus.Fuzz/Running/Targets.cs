namespace Kbus.Fuzz;

/// <summary>All targets.</summary>
internal static class Targets
{
    /// <summary>All of them, in the order of the list.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new FrameTarget(), new PolicyTarget(), new ConfigurationTarget(), new DaemonArgumentsTarget(), new ArgumentsTarget(),
    ];

    /// <summary>The target of a name; null if there is none.</summary>
    public static Target? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}

namespace Kbus.Fuzz;

/// <summary>All targets.</summary>
internal static class Targets
{
    /// <summary>All of them, in the order of the list.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new HandshakeTarget(),
        new CommandTarget(),
        new FrameTarget(),
        new PieceTarget(),
        new IoctlTarget(),
        new ConfigurationTarget(),
        new PolicyTarget(),
        new ArgumentsTarget(),
        new DaemonArgumentsTarget(),
        new QuestionTarget(),
        new DeliveryTarget(),
        new CertificateTarget(),
        new LimpetFileTarget(),
    ];

    /// <summary>The target of a name; null if there is none.</summary>
    public static Target? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}

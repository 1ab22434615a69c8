namespace Kbus.Replay;

/// <summary>One way to carry operations to a bus, on which traces can be played.</summary>
internal interface ITraceHostFactory
{
    /// <summary>What <c>--via</c> calls it, as <c>core</c>.</summary>
    string Name { get; }

    /// <summary>What it is, in a few words.</summary>
    string Description { get; }

    /// <summary>Why it cannot be had on this machine; null if it can.</summary>
    string? WhyNot => null;

    /// <summary>Starts a fresh bus system with the limits of a trace. Any number may live side by side.</summary>
    ITraceHost Start(TraceMeta meta);
}

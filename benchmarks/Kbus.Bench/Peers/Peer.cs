namespace Kbus.Bench.Peers;

/// <summary>What a peer can be asked to do.</summary>
[Flags]
internal enum Abilities
{
    /// <summary>Nothing of this.</summary>
    None = 0,

    /// <summary>Requests and replies.</summary>
    Ask = 1,

    /// <summary>Announcements of one sender to one listener.</summary>
    Tell = 2,

    /// <summary>Announcements to many listeners.</summary>
    Many = 4,

    /// <summary>Payloads of 1 MiB.</summary>
    Big = 8,

    /// <summary>Requests and replies at the pace of real programs.</summary>
    Pace = 16,

    /// <summary>All but the pace.</summary>
    All = Ask | Tell | Many | Big,
}

/// <summary>Something that a peer cannot run without.</summary>
/// <param name="File">A file that is there if it is installed.</param>
/// <param name="Package">The Debian package that brings it.</param>
internal sealed record Need(string File, string Package);

/// <summary>One contender of the measurements: KBUS, another bus, or the machine itself.</summary>
/// <param name="Name">What the command line and the tables call it.</param>
/// <param name="Client">The client program: a C file of benchmarks/peers, <c>python</c> for KBUS's client there, or empty for KBUS's own actors.</param>
/// <param name="Can">What it can do.</param>
/// <param name="Notes">How it is run, and what makes all its messages arrive.</param>
internal sealed record Peer(string Name, string Client, Abilities Can, string Notes)
{
    /// <summary>What it needs on the machine, its client's library included.</summary>
    public IReadOnlyList<Need> Needs { get; init; } = [];

    /// <summary>Libraries that its client is linked with.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];

    /// <summary>Starts its server in a scene and gives the address for its clients.</summary>
    public Func<Scene, string> Serve { get; init; } = scene => scene.Folder;

    /// <summary>Arguments that all its clients are given.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];

    /// <summary>Arguments that its listeners and repliers are given besides.</summary>
    public IReadOnlyList<string> Beyond { get; init; } = [];

    /// <summary>How long most clients run before they are measured, in milliseconds.</summary>
    public const int UsualWarmUp = 100;

    /// <summary>How long its clients run before they are measured, in milliseconds; in a short run less, if it is longer than usual.</summary>
    public int WarmUp { get; init; } = UsualWarmUp;

    /// <summary>How far the announcer of small messages may be ahead of the slowest listener.</summary>
    public int Behind { get; init; } = 32 * 1024;

    /// <summary>True for the machine's own limits, which have no bus.</summary>
    public bool IsRaw => Client == "raw";
}

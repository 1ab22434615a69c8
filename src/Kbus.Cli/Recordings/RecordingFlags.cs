namespace Kbus.Cli;

/// <summary>What is so of a whole recording.</summary>
[Flags]
internal enum RecordingFlags : uint
{
    /// <summary>Nothing of these.</summary>
    None = 0,

    /// <summary>It has the data of messages.</summary>
    WithData = 1,

    /// <summary>It goes on where another file of the same recorder ended (rotation). The Ksocks are still those.</summary>
    Continues = 2,
}

namespace Kbus.Daemon;

/// <summary>How a look at the directory's lock and sockets can end.</summary>
internal enum MendingOutcome
{
    /// <summary>All was in its place.</summary>
    Whole,

    /// <summary>What was missing has been made again.</summary>
    Mended,

    /// <summary>Something is missing and cannot be made now.</summary>
    Waiting,

    /// <summary>Another daemon holds the lock and answers there.</summary>
    Lost,
}

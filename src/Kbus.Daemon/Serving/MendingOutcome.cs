namespace Kbus.Daemon;

/// <summary>The kinds of result of a check of the directory's lock and sockets.</summary>
internal enum MendingOutcome
{
    /// <summary>Nothing was missing.</summary>
    Whole,

    /// <summary>What was missing has been made again.</summary>
    Mended,

    /// <summary>Something is missing and cannot be made now.</summary>
    Waiting,

    /// <summary>Another daemon holds the lock and answers there.</summary>
    Lost,
}

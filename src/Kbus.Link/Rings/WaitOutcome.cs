namespace Kbus.Link;

/// <summary>How a wait for the bus ended.</summary>
internal enum WaitOutcome
{
    /// <summary>What was waited for has happened.</summary>
    Happened,

    /// <summary>The time given has passed.</summary>
    TimedOut,

    /// <summary>A signal handler has run in the waiting thread.</summary>
    Interrupted,

    /// <summary>The bus has hung up: it has died or has closed this link.</summary>
    BusDied,
}

namespace Kbus;

/// <summary>How a Ksock is opened and how it waits.</summary>
public sealed record KsockOptions
{
    /// <summary>The directory in which the daemon's sockets are; null (the default) for the usual search.</summary>
    /// <remarks>The search: <c>KBUS_RUNTIME_DIR</c> if set, else <c>/run/kbus</c> if a daemon answers there, else the user's own directory.</remarks>
    public string? RuntimeDirectory { get; init; }

    /// <summary>Whether a daemon may be started if the user has none: default true. The environment's <c>KBUS_AUTOSTART=0</c> forbids it too.</summary>
    public bool StartDaemon { get; init; } = true;

    /// <summary>How long opening may take at most, until the bus has answered: more than 0, default 10 seconds.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tells the time to asynchronous waits: default the system's. Calls that block use the system's always.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether much is posted before its results are looked at, as a Limpet does: the Ksock gets as much room for that as there is.</summary>
    internal bool PostsMuch { get; init; }

    /// <summary>Whether a signal handler ends a wait for a bus that stands still (EINTR): for programs in C, whose threads run handlers.</summary>
    internal bool HeedsSignals { get; init; }

    /// <summary>After how many milliseconds a wait for a bus that stands still ends as if a signal had come; negative for never.</summary>
    internal int InterruptAfter { get; init; } = -1;

    internal static KsockOptions Default { get; } = new();
}

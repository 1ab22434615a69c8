namespace Kbus.Hosting;

/// <summary>Which bus a host uses, and how: the options of one <c>AddKbus</c>. They are checked when the host starts.</summary>
public sealed record HostedBusOptions
{
    /// <summary>The bus's number: 0 to 255, default 0.</summary>
    public uint Device { get; set; }

    /// <summary>The directory in which the daemon's sockets are; null (the default) for the usual search.</summary>
    public string? RuntimeDirectory { get; set; }

    /// <summary>Whether a daemon may be started if the user has none: default true.</summary>
    public bool StartDaemon { get; set; } = true;

    /// <summary>How long opening a Ksock may take at most, and how long a host that stops waits for a bus that does not answer: more than 0, default 10 seconds.</summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many messages fit in the queue of each handler's Ksock: 1 or more; null (the default) for what the bus gives, usually 100.</summary>
    public uint? MaxMessages { get; set; }

    /// <summary>How long handlers that run may go on when the host stops: 0 or more, default 10 seconds. Then what they owe is answered with an error reply.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a typed question waits for its answer if the call does not say: more than 0, default 30 seconds.</summary>
    public TimeSpan AskTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two tries to open a bus again that has died: more than 0, default 5 seconds.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether an error reply tells the message of an exception that a handler did not mean for others: default false.</summary>
    /// <remarks>Such messages can name files, addresses and data. The log has them in any case.</remarks>
    public bool TellExceptions { get; set; }

    internal KsockOptions ForKsock(TimeProvider time) => new()
    {
        RuntimeDirectory = RuntimeDirectory,
        StartDaemon = StartDaemon,
        OpenTimeout = OpenTimeout,
        TimeProvider = time,
    };
}

namespace Kbus;

/// <summary>How a bus is watched.</summary>
public sealed record BusWatcherOptions
{
    /// <summary>The directory in which the daemon's sockets are; null (the default) for the usual search, as for a Ksock.</summary>
    public string? RuntimeDirectory { get; init; }

    /// <summary>Whether the data of messages is wanted, too: default false. Of each message up to 65536 bytes come.</summary>
    public bool WithData { get; init; }

    /// <summary>Bytes of memory in which events wait to be read: 262144 to 16777216, default 4194304. A power of two is taken.</summary>
    public int BufferSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long opening may take at most: more than 0, default 10 seconds.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

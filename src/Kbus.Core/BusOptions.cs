namespace Kbus.Core;

/// <summary>The limits that a bus starts with. Source: spec 0-decisions.md ("Limits here").</summary>
public sealed record BusOptions
{
    /// <summary>Messages that a new Ksock's queue holds: 1 to 4294967295, default 100.</summary>
    public uint DefaultMaxMessages { get; init; } = 100;

    /// <summary>Greatest entire message that a new bus accepts, in bytes: 100 to the absolute maximum, default 409600.</summary>
    public uint DefaultMaxMessageSize { get; init; } = 409600;

    /// <summary>Greatest value that the above may be set to, in bytes: 100 to 67108864 (64 MiB, the default).</summary>
    public uint AbsoluteMaxMessageSize { get; init; } = MessageLayout.LargestMessage;

    /// <summary>Set-aside unbind events that a bus keeps before it begins to lose them: default 1000.</summary>
    public uint MaxSetAsideEvents { get; init; } = 1000;

    /// <summary>Bytes that may wait in one Ksock's queue before it counts as full: default 67108864 (64 MiB). One message always fits an empty queue.</summary>
    public long MaxQueuedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Keys the hashing of names, so that a hostile member cannot choose names that collide. It changes no result.</summary>
    public ulong HashSeed { get; init; }

    /// <summary>Says what is wrong with these limits, if anything.</summary>
    /// <returns>A sentence for the person who set them; null if all is well.</returns>
    public string? Check()
    {
        const uint smallest = 100;
        const uint largest = MessageLayout.LargestMessage;
        if (DefaultMaxMessages < 1)
        {
            return "The default queue length must be at least 1 message.";
        }

        if (AbsoluteMaxMessageSize is < smallest or > largest)
        {
            return $"The absolute maximum message size must be {smallest} to {largest} bytes.";
        }

        if (DefaultMaxMessageSize < smallest || DefaultMaxMessageSize > AbsoluteMaxMessageSize)
        {
            return $"The default maximum message size must be {smallest} to {AbsoluteMaxMessageSize} bytes (the absolute maximum).";
        }

        return MaxQueuedBytes < 1 ? "The byte budget of a queue must be at least 1 byte." : null;
    }
}

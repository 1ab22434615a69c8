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

    /// <summary>Bytes that may wait in one Ksock's queue before it counts as full: default 67108864 (64 MiB). One message always fits an
    /// empty queue.</summary>
    public long MaxQueuedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Bindings of all Ksocks together: default 262144. Of these each user, and of his each process, may have a share.</summary>
    public int MaxBindings { get; init; } = 256 * 1024;

    /// <summary>Bindings of one Ksock to one and the same name as listener: default 1024.</summary>
    public int MaxRepeats { get; init; } = 1024;

    /// <summary>Bytes of the names in all bindings: default 67108864 (64 MiB). Shared as bindings are.</summary>
    public long MaxNameBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Requests that are owed an answer, of all Ksocks together: default 65536. Shared as bindings are.</summary>
    public int MaxRequests { get; init; } = 64 * 1024;

    /// <summary>Bytes of all messages that wait, are under construction or are kept while they are read, with 256 more for each: default
    /// 2147483648 (2 GiB). Shared as bindings are.</summary>
    public long MaxMessageBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Steps that an operation does at once of what could be left to <see cref="Bus.Continue"/>. All, unless the host calls
    /// that.</summary>
    internal ulong StepsAtOnce { get; init; } = ulong.MaxValue / 2;

    /// <summary>Things of a closing Ksock that are cleared away at once, before its names stop to count all together.</summary>
    internal int ClearedAtOnce { get; init; } = 64;

    /// <summary>Keys the hashing of names, so that a hostile member cannot choose names that collide. It changes no result.</summary>
    public ulong HashSeed { get; init; }

    /// <summary>The limits that are shared among users and processes.</summary>
    internal ChargeAmounts Limits => Amounts(MaxBindings, MaxNameBytes, MaxRequests, MaxMessageBytes);

    /// <summary>What each process may have however many there are, as long as there is any.</summary>
    internal static ChargeAmounts Floors => Amounts(64, 64 * 1024, 64, 1024 * 1024);

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

        if (MaxBindings < 1 || MaxRepeats < 1 || MaxNameBytes < 1 || MaxRequests < 1 || MaxMessageBytes < 1)
        {
            return "The limits for bindings, repeated bindings, bytes of names, Requests and bytes of messages must be at least 1.";
        }

        return MaxQueuedBytes < 1 ? "The byte budget of a queue must be at least 1 byte." : null;
    }

    private static ChargeAmounts Amounts(long bindings, long nameBytes, long requests, long messageBytes)
    {
        ChargeAmounts amounts = default;
        amounts[(int)ChargeKind.Bindings] = bindings;
        amounts[(int)ChargeKind.NameBytes] = nameBytes;
        amounts[(int)ChargeKind.Requests] = requests;
        amounts[(int)ChargeKind.MessageBytes] = messageBytes;
        return amounts;
    }
}

using System.Buffers.Binary;

namespace Kbus.Link;

/// <summary>The first thing a client says on a fresh connection: who it is and what it wishes.</summary>
/// <param name="Mode">What the Ksock is opened for.</param>
/// <param name="ProcessId">The client's process id, as it knows it; the bus believes the kernel.</param>
/// <param name="Flags">Further wishes.</param>
/// <param name="CompletionSlots">The wished number of completion slots; zero leaves it to the bus.</param>
/// <param name="CommandRingSize">The wished size of the command ring in bytes; zero leaves it to the bus.</param>
/// <param name="DeliveryRingSize">The wished size of the delivery ring in bytes; zero leaves it to the bus.</param>
internal readonly record struct ClientHello(
    KsockMode Mode, int ProcessId, uint Flags, uint CompletionSlots, uint CommandRingSize, uint DeliveryRingSize)
{
    /// <summary>The size of the record: every version's first record has it, so that versions can refuse each other politely.</summary>
    public const int Size = 64;

    /// <summary>In <see cref="Flags"/>: no Ksock is wanted, but to watch the bus. The mode is 0, and the number of completion slots is the
    /// newest version of the records that the client reads.</summary>
    public const uint WatchFlag = 1;

    /// <summary>In <see cref="Flags"/>, with <see cref="WatchFlag"/>: the watcher wants the data of messages, too.</summary>
    public const uint WithDataFlag = 2;

    private const int OldestOffset = 32;
    private const int FeaturesOffset = 36;
    private const int UsedSize = 40;

    /// <summary>What the client speaks.</summary>
    public LinkVersions Versions { get; init; } = LinkVersions.Ours;

    /// <summary>True if the client wants to watch, and no Ksock.</summary>
    public bool IsWatch => (Flags & WatchFlag) != 0;

    /// <summary>What somebody says who wants to watch.</summary>
    /// <param name="processId">The client's process id.</param>
    /// <param name="withData">True for the data of messages, too.</param>
    /// <param name="ringSize">The wished bytes of the ring; 0 for the usual.</param>
    public static ClientHello Watch(int processId, bool withData, uint ringSize) =>
        new(default, processId, WatchFlag | (withData ? WithDataFlag : 0), WatchWire.Version, 0, ringSize);

    /// <summary>Writes the record, little-endian whatever the processor.</summary>
    public void Encode(Span<byte> record)
    {
        record = record[..Size];
        record.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, LinkLayout.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Versions.Newest);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)Mode);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], ProcessId);
        BinaryPrimitives.WriteUInt32LittleEndian(record[16..], Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], CompletionSlots);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], CommandRingSize);
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], DeliveryRingSize);
        BinaryPrimitives.WriteUInt32LittleEndian(record[OldestOffset..], Versions.Oldest);
        BinaryPrimitives.WriteUInt32LittleEndian(record[FeaturesOffset..], Versions.Features);
    }

    /// <summary>Reads and checks a record. With <see cref="HandshakeFault.OtherVersion"/> the hello tells the client's versions and nothing else.</summary>
    public static HandshakeFault Decode(ReadOnlySpan<byte> record, out ClientHello hello)
    {
        hello = default;
        if (record.Length != Size || BinaryPrimitives.ReadUInt32LittleEndian(record) != LinkLayout.Magic)
        {
            return HandshakeFault.NotKbus;
        }

        LinkVersions versions = LinkVersions.Told(
            BinaryPrimitives.ReadUInt32LittleEndian(record[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[OldestOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[FeaturesOffset..]));
        if (LinkVersions.Ours.CommonWith(versions) == 0)
        {
            hello = default(ClientHello) with { Versions = versions };
            return HandshakeFault.OtherVersion;
        }

        KsockMode mode = (KsockMode)BinaryPrimitives.ReadUInt32LittleEndian(record[8..]);
        int processId = BinaryPrimitives.ReadInt32LittleEndian(record[12..]);

        // What the newest version leaves empty must be empty, or a later one could not give it a meaning. A newer client may have given it one.
        bool isKnown = versions.Newest <= LinkVersions.Ours.Newest;
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        bool isModeKnown = (flags & WatchFlag) != 0 ? mode == 0 : mode is >= KsockMode.Read and <= KsockMode.ReadWrite;
        if (!isModeKnown || processId <= 0 || (isKnown && record[UsedSize..].ContainsAnyExcept((byte)0)))
        {
            return HandshakeFault.Malformed;
        }

        hello = new ClientHello(
            mode,
            processId,
            flags,
            BinaryPrimitives.ReadUInt32LittleEndian(record[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[28..]))
        { Versions = versions };
        return HandshakeFault.None;
    }
}

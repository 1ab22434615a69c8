using System.Buffers.Binary;
using System.Text;
using Kbus.Core;

namespace Kbus.Link;

/// <summary>The bus's answer to a <see cref="ClientHello"/>: either a link, or an errno and a sentence that says why not.</summary>
/// <remarks>A link comes with two descriptors: the shared memory, and the client's bell for the bus. A refusal comes with none.</remarks>
internal sealed record BusWelcome
{
    /// <summary>The size of the record without its reason.</summary>
    public const int FixedSize = 64;

    /// <summary>The most bytes of a reason.</summary>
    public const int LongestReason = 1024;

    /// <summary>Descriptors that come with a link.</summary>
    public const int DescriptorCount = 2;

    private const uint PolicyFlag = 1;

    /// <summary>Zero, or the errno of a refusal.</summary>
    public int Error { get; private init; }

    /// <summary>Why not; empty for a link.</summary>
    public string Reason { get; private init; } = string.Empty;

    /// <summary>The bus's number for the Ksock.</summary>
    public uint KsockId { get; private init; }

    /// <summary>The number of the bus.</summary>
    public uint Device { get; private init; }

    /// <summary>Where everything is in the shared memory; null for a refusal.</summary>
    public LinkLayout? Layout { get; private init; }

    /// <summary>The bus's limits.</summary>
    public BusLimits Limits { get; private init; }

    /// <summary>Further properties of the link, or of the refusal.</summary>
    public uint Flags { get; private init; }

    /// <summary>True for a refusal by the policy of kbusd. A kbusd that does not know this property says that it is none.</summary>
    public bool IsByPolicy => Error != 0 && (Flags & PolicyFlag) != 0;

    /// <summary>Of a link, the version and the features that both sides use, as a range of one; of a refusal, what the bus speaks.</summary>
    public LinkVersions Versions { get; private init; } = LinkVersions.Ours;

    /// <summary>A link.</summary>
    /// <param name="ksockId">The bus's number for the Ksock.</param>
    /// <param name="device">The number of the bus.</param>
    /// <param name="layout">Where everything is in the shared memory.</param>
    /// <param name="limits">The bus's limits.</param>
    /// <param name="flags">Further properties.</param>
    /// <param name="client">What the client speaks, which has a version in common with what the bus speaks; null for the same.</param>
    public static BusWelcome Link(uint ksockId, uint device, LinkLayout layout, BusLimits limits, uint flags = 0, LinkVersions? client = null)
    {
        LinkVersions theirs = client ?? LinkVersions.Ours;
        uint common = LinkVersions.Ours.CommonWith(theirs);
        var used = new LinkVersions(common, common, LinkVersions.Ours.Features & theirs.Features);
        return new() { KsockId = ksockId, Device = device, Layout = layout, Limits = limits, Flags = flags, Versions = used };
    }

    /// <summary>A refusal.</summary>
    /// <param name="error">The errno.</param>
    /// <param name="reason">A sentence that says why.</param>
    /// <param name="isByPolicy">True if the policy of kbusd says so.</param>
    public static BusWelcome Refusal(int error, string reason, bool isByPolicy = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(error);
        return new() { Error = error, Reason = Shorten(reason), Flags = isByPolicy ? PolicyFlag : 0 };
    }

    /// <summary>The record's bytes.</summary>
    public byte[] Encode()
    {
        byte[] reason = Encoding.UTF8.GetBytes(Reason);
        byte[] bytes = new byte[FixedSize + reason.Length];
        Span<byte> record = bytes;
        ReadOnlySpan<uint> words =
        [
            LinkLayout.Magic,
            Versions.Newest,
            (uint)Error,
            KsockId,
            Device,
            (uint)(Layout?.CompletionSlots ?? 0),
            (uint)(Layout?.CommandRingSize ?? 0),
            (uint)(Layout?.DeliveryRingSize ?? 0),
            Limits.DefaultMaxMessages,
            Limits.MaxMessageSize,
            Limits.AbsoluteMaxMessageSize,
            Flags,
            (uint)reason.Length,
            Versions.Oldest,
            Versions.Features,
        ];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record[(i * sizeof(uint))..], words[i]);
        }

        reason.CopyTo(record[FixedSize..]);
        return bytes;
    }

    /// <summary>Reads the length of the reason from the fixed part, after which the whole record can be read.</summary>
    public static HandshakeFault DecodeReasonLength(ReadOnlySpan<byte> fixedPart, out int length)
    {
        length = 0;
        if (fixedPart.Length != FixedSize || Word(fixedPart, 0) != LinkLayout.Magic)
        {
            return HandshakeFault.NotKbus;
        }

        // A bus of another version refuses with its own record, whose first words and reason stand where ours do.
        uint announced = Word(fixedPart, 12);
        if (announced > LongestReason)
        {
            return HandshakeFault.Malformed;
        }

        length = (int)announced;
        return HandshakeFault.None;
    }

    /// <summary>Reads and checks a whole record.</summary>
    public static HandshakeFault Decode(ReadOnlySpan<byte> record, out BusWelcome? welcome)
    {
        welcome = null;
        if (record.Length < FixedSize)
        {
            return HandshakeFault.NotKbus;
        }

        HandshakeFault fault = DecodeReasonLength(record[..FixedSize], out int reasonLength);
        if (fault != HandshakeFault.None)
        {
            return fault;
        }

        int error = (int)Word(record, 2);
        LinkVersions versions = LinkVersions.Told(Word(record, 1), Word(record, 13), Word(record, 14));
        if (record.Length != FixedSize + reasonLength || error < 0)
        {
            return HandshakeFault.Malformed;
        }

        if (error > 0)
        {
            // Whoever answers may be a stranger, and the reason goes to a terminal or a log.
            welcome = new BusWelcome { Error = error, Reason = PrintableText.Of(record[FixedSize..]), Versions = versions, Flags = Word(record, 11) };
            return HandshakeFault.None;
        }

        // A bus chooses a version that we have told it.
        if (LinkVersions.Ours.CommonWith(versions) != versions.Newest)
        {
            return HandshakeFault.OtherVersion;
        }

        // As numbers of more than 31 bits are no sizes at all, they come out as impossible ones.
        LinkLayout? layout = LinkLayout.TryCreate((int)Word(record, 5), (int)Word(record, 6), (int)Word(record, 7));
        bool isOneVersion = versions.Newest < LinkVersions.FirstWithRange || Word(record, 13) == versions.Newest;
        bool isOffered = (versions.Features & ~LinkVersions.Ours.Features) == 0;
        if (layout is null || reasonLength != 0 || !isOneVersion || !isOffered || Word(record, 15) != 0)
        {
            return HandshakeFault.Malformed;
        }

        var limits = new BusLimits(Word(record, 8), Word(record, 9), Word(record, 10));
        welcome = Link(Word(record, 3), Word(record, 4), layout, limits, Word(record, 11), versions);
        return HandshakeFault.None;
    }

    private static uint Word(ReadOnlySpan<byte> record, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[(index * sizeof(uint))..]);

    private static string Shorten(string reason)
    {
        while (Encoding.UTF8.GetByteCount(reason) > LongestReason)
        {
            reason = reason[..(reason.Length * 9 / 10)];
        }

        return reason;
    }
}

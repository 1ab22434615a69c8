namespace Kbus.Core;

/// <summary>One entry of a log: what a node proposes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Genesis">The id that the bus was born with; entries of another bus count for nothing.</param>
/// <param name="Node">Who proposes it. A Gone entry is about this node.</param>
/// <param name="Incarnation">Which life of that node; a random number.</param>
/// <param name="Sequence">
/// Its number in that life, from 1. A Gone entry has the last number that was seen, a Hello entry the incarnation before, or 0.
/// </param>
/// <param name="Applied">The index of the entry that the node had applied last.</param>
internal readonly record struct LogEntry(EntryKind Kind, Guid Genesis, uint Node, ulong Incarnation, ulong Sequence, ulong Applied)
{
    /// <summary>The version of the entries that this release writes and reads.</summary>
    public const uint Format = 1;

    /// <summary>Reads the head of an entry. What follows is the reader's.</summary>
    /// <exception cref="BooksException">It is cut off, or no entry that is known here.</exception>
    public static LogEntry Read(ref BooksReader reader)
    {
        uint format = reader.ReadUInt32();
        if (format != Format)
        {
            throw new BooksException($"This entry has format {format}; this release reads format {Format}.");
        }

        var kind = (EntryKind)reader.ReadByte();
        if (kind is < EntryKind.Genesis or > EntryKind.Gone)
        {
            throw new BooksException($"Entry kind {(byte)kind} is not known here.");
        }

        ReadOnlySpan<byte> genesis = reader.ReadBytes();
        if (genesis.Length != 16)
        {
            throw new BooksException("An entry says of no bus that it is for it.");
        }

        uint node = reader.ReadUInt32();
        ulong incarnation = reader.ReadUInt64();
        ulong sequence = reader.ReadUInt64();
        return new LogEntry(kind, new Guid(genesis), node, incarnation, sequence, reader.ReadUInt64());
    }

    /// <summary>Writes the head.</summary>
    public void Write(BooksWriter writer)
    {
        Span<byte> genesis = stackalloc byte[16];
        _ = Genesis.TryWriteBytes(genesis);
        writer.Write(Format);
        writer.Write((byte)Kind);
        writer.Write(genesis);
        writer.Write(Node);
        writer.Write(Incarnation);
        writer.Write(Sequence);
        writer.Write(Applied);
    }
}

/// <summary>What an entry is.</summary>
internal enum EntryKind : byte
{
    /// <summary>A bus is born; its empty books follow. The first one of a log counts.</summary>
    Genesis = 1,

    /// <summary>A node begins a new life: what its former life had open is closed. It counts only after that life, so not when it comes
    /// late.</summary>
    Hello = 2,

    /// <summary>Operations of a node; their number, and each of them, follow. With none it is a sign of life.</summary>
    Operations = 3,

    /// <summary>A node is held to be gone: what it had open is closed, unless it has said something since.</summary>
    Gone = 4,
}

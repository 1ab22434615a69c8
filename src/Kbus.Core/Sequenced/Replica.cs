namespace Kbus.Core;

/// <summary>One node's copy of a bus that is fed by a log. Equal entries make equal books, on every node.</summary>
/// <remarks>
/// The log may give an entry twice, or late. An entry of operations is applied only if it is the next of a life of its node that goes on. So
/// each is applied once, and in its node's order. What an entry says that makes no sense is dropped alike everywhere. One thread at a time.
/// </remarks>
/// <param name="host">The options that are this node's own: the hash seed.</param>
/// <param name="carrierOf">Makes the carrier of a Ksock that is opened.</param>
internal sealed class Replica(BusOptions host, Func<KsockOwner, Carrier> carrierOf)
{
    private readonly SortedDictionary<uint, Life> _lives = [];
    private Bus? _books;

    /// <summary>The bus; not before it is born.</summary>
    /// <exception cref="InvalidOperationException">It has not been born.</exception>
    public Bus Books => _books ?? throw new InvalidOperationException("The bus has not been born.");

    /// <summary>The id that the bus was born with.</summary>
    public Guid Genesis { get; private set; }

    /// <summary>The index of the entry that was applied last; 0 before the first.</summary>
    public ulong Applied { get; private set; }

    /// <summary>Entries that counted for nothing.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>The entry by which a bus with these options is born.</summary>
    public static byte[] Birth(Guid genesis, BusOptions options)
    {
        var writer = new BooksWriter();
        new LogEntry(EntryKind.Genesis, genesis, 0, 0, 0, 0).Write(writer);
        new Bus(options).SaveBooks(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Whether this life of a node goes on, and the number of its last entry.</summary>
    public bool IsAlive(uint node, ulong incarnation, out ulong sequence)
    {
        bool isKnown = _lives.TryGetValue(node, out Life life) && life.Incarnation == incarnation && life.IsAlive;
        sequence = isKnown ? life.Sequence : 0;
        return isKnown;
    }

    /// <summary>The last incarnation of a node that is known; 0 if none is.</summary>
    public ulong IncarnationOf(uint node) => _lives.TryGetValue(node, out Life life) ? life.Incarnation : 0;

    /// <summary>Applies the next entry of the log.</summary>
    /// <param name="entry">Its bytes.</param>
    /// <param name="results">Gets the result of each operation.</param>
    /// <returns>The head of the entry, if it counted.</returns>
    public LogEntry? Apply(ReadOnlySpan<byte> entry, List<OperationResult> results)
    {
        Applied++;
        results.Clear();
        try
        {
            var reader = new BooksReader(entry);
            LogEntry head = LogEntry.Read(ref reader);
            if (Counts(head, ref reader, results))
            {
                return head;
            }
        }
        catch (BooksException)
        {
            // Every node drops it.
        }

        Dropped++;
        return null;
    }

    /// <summary>Saves everything that the entries so far have made.</summary>
    public byte[] Save()
    {
        var writer = new BooksWriter();
        writer.Write(LogEntry.Format);
        writer.Write(Genesis.ToByteArray());
        writer.Write(Applied);
        SaveLives(writer);
        Books.SaveBooks(writer);
        UInt128 digest = Bus.DigestOf(writer.Written);
        writer.Write((ulong)(digest >> 64));
        writer.Write((ulong)digest);
        return writer.Written.ToArray();
    }

    /// <summary>A number by which equal replicas are recognized.</summary>
    public UInt128 Digest()
    {
        var writer = new BooksWriter();
        writer.Write(Genesis.ToByteArray());
        SaveLives(writer);
        Books.SaveBooks(writer);
        return Bus.DigestOf(writer.Written);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="BooksException">It is of another version, is cut off, or contradicts itself.</exception>
    public void Load(ReadOnlySpan<byte> snapshot)
    {
        var reader = new BooksReader(WithoutDigest(snapshot));
        uint format = reader.ReadUInt32();
        if (format != LogEntry.Format)
        {
            throw new BooksException($"This snapshot has format {format}; this release reads format {LogEntry.Format}.");
        }

        ReadOnlySpan<byte> genesis = reader.ReadBytes();
        Genesis = genesis.Length == 16 ? new Guid(genesis) : throw new BooksException("A snapshot says of no bus that it is of it.");
        Applied = reader.ReadUInt64();
        _lives.Clear();
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            uint node = reader.ReadUInt32();
            ulong incarnation = reader.ReadUInt64();
            ulong sequence = reader.ReadUInt64();
            _lives[node] = new Life(incarnation, sequence, reader.ReadBool());
        }

        _books = Bus.Restore(reader.ReadRest(), OwnOptions, (_, owner) => carrierOf(owner));
    }

    private static ReadOnlySpan<byte> WithoutDigest(ReadOnlySpan<byte> snapshot)
    {
        int length = Math.Max(0, snapshot.Length - (2 * sizeof(ulong)));
        var reader = new BooksReader(snapshot[length..]);
        var digest = new UInt128(reader.ReadUInt64(), reader.ReadUInt64());
        return digest == Bus.DigestOf(snapshot[..length]) ? snapshot[..length] : throw new BooksException("This snapshot is damaged: its digest is another.");
    }

    // Every node does all that an operation leaves at once: nobody's books may depend on when.
    private BusOptions OwnOptions => host with { StepsAtOnce = ulong.MaxValue / 2 };

    private bool Counts(in LogEntry head, ref BooksReader reader, List<OperationResult> results)
    {
        if (head.Kind == EntryKind.Genesis)
        {
            return IsBorn(head, ref reader);
        }

        if (_books is null || head.Genesis != Genesis)
        {
            return false;
        }

        bool isKnown = _lives.TryGetValue(head.Node, out Life life);
        bool isSame = isKnown && life.Incarnation == head.Incarnation;
        switch (head.Kind)
        {
            case EntryKind.Hello when !isSame && head.Sequence == life.Incarnation:
                End(head.Node);
                _lives[head.Node] = new Life(head.Incarnation, 0, IsAlive: true);
                return true;
            case EntryKind.Operations when isSame && life.IsAlive && head.Sequence == life.Sequence + 1:
                _lives[head.Node] = life with { Sequence = head.Sequence };
                Apply(head.Node, ref reader, results);
                return true;
            case EntryKind.Gone when isSame && life.IsAlive && head.Sequence == life.Sequence:
                End(head.Node);
                _lives[head.Node] = life with { IsAlive = false };
                return true;
            default:
                return false;
        }
    }

    private bool IsBorn(in LogEntry head, ref BooksReader reader)
    {
        if (_books is not null)
        {
            return false;
        }

        _books = Bus.Restore(reader.ReadRest(), OwnOptions, (_, owner) => carrierOf(owner));
        Genesis = head.Genesis;
        return true;
    }

    private void Apply(uint node, ref BooksReader reader, List<OperationResult> results)
    {
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            BusOperation operation = BusOperation.Read(ref reader);
            OperationResult result;
            try
            {
                result = Books.Apply(operation, node, carrierOf);
            }
            catch (BooksException)
            {
                result = new OperationResult(Errno.EINVAL);
            }

            results.Add(result);
        }
    }

    /// <summary>Closes all Ksocks of a node, oldest first.</summary>
    private void End(uint node)
    {
        foreach (KsockState ksock in Books.KsocksByAge.NewestFirst.Where(k => k.Owner.Node == node).Reverse().ToArray())
        {
            Books.Close(ksock);
        }
    }

    private void SaveLives(BooksWriter writer)
    {
        writer.Write(_lives.Count);
        foreach ((uint node, Life life) in _lives)
        {
            writer.Write(node);
            writer.Write(life.Incarnation);
            writer.Write(life.Sequence);
            writer.Write(life.IsAlive);
        }
    }

    /// <summary>One life of a node.</summary>
    private readonly record struct Life(ulong Incarnation, ulong Sequence, bool IsAlive);
}

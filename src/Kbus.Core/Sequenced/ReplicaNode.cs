namespace Kbus.Core;

/// <summary>A node of a bus that is fed by a log: it proposes its operations, and learns what they gave when they are applied.</summary>
/// <remarks>
/// One entry is on its way at a time. What is proposed meanwhile goes into the next. The host puts <see cref="NextEntry"/> into the log, again
/// if it does not know whether it is there, and hands every entry that it reads to <see cref="Apply"/>. One thread at a time.
/// </remarks>
internal sealed class ReplicaNode
{
    private readonly Queue<Action<OperationResult>> _onTheirWay = new();
    private readonly Queue<Action<OperationResult>> _proposed = new();
    private readonly BooksWriter _operations = new();
    private readonly List<OperationResult> _results = [];
    private byte[]? _entry;
    private ulong _sequence;
    private bool _hasGreeted;

    /// <summary>A node of a new life.</summary>
    /// <param name="node">Its number, which no other node has.</param>
    /// <param name="incarnation">A random number.</param>
    /// <param name="host">The options that are its own: the hash seed.</param>
    /// <param name="carrierOf">Makes the carrier of a Ksock that is opened, of this node or another.</param>
    public ReplicaNode(uint node, ulong incarnation, BusOptions host, Func<KsockOwner, Carrier> carrierOf)
    {
        Node = node;
        Incarnation = incarnation;
        Replica = new Replica(host, carrierOf);
    }

    /// <summary>The node's number.</summary>
    public uint Node { get; }

    /// <summary>Which life of the node it is.</summary>
    public ulong Incarnation { get; }

    /// <summary>The bus.</summary>
    public Replica Replica { get; }

    /// <summary>True once others hold this life to be over: it does nothing more.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>True once its operations count.</summary>
    public bool IsJoined => _hasGreeted && !IsFenced;

    /// <summary>Proposes an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="done">Gets the result once it is applied here; never if this life ends before.</param>
    public void Propose(in BusOperation operation, Action<OperationResult> done)
    {
        operation.Write(_operations);
        _proposed.Enqueue(done);
    }

    /// <summary>What is to be put into the log now; null if nothing is. The same again until it has been applied.</summary>
    /// <param name="isSignOfLife">True if an entry without operations is wanted if there is no other.</param>
    public ReadOnlyMemory<byte>? NextEntry(bool isSignOfLife = false)
    {
        if (IsFenced || Replica.Applied == 0)
        {
            return null;
        }

        if (!_hasGreeted)
        {
            // Made anew each time, because it counts only after the life before, of which this node may have learnt just now.
            return Write(EntryKind.Hello, Replica.IncarnationOf(Node), default);
        }

        if (_entry is null && (_proposed.Count > 0 || isSignOfLife))
        {
            var writer = new BooksWriter();
            writer.Write(_proposed.Count);
            _entry = Write(EntryKind.Operations, ++_sequence, [.. writer.Written, .. _operations.Written]);
            _operations.Clear();
            while (_proposed.TryDequeue(out Action<OperationResult>? done))
            {
                _onTheirWay.Enqueue(done);
            }
        }

        // Not in one expression: an array that is null would become an empty entry.
        if (_entry is null)
        {
            return null;
        }

        return _entry;
    }

    /// <summary>Applies the next entry of the log.</summary>
    public void Apply(ReadOnlySpan<byte> entry)
    {
        LogEntry? applied = Replica.Apply(entry, _results);
        if (applied is not { } head || head.Node != Node || head.Kind == EntryKind.Genesis)
        {
            return;
        }

        bool isOwn = head.Incarnation == Incarnation;
        if (isOwn && head.Kind == EntryKind.Hello)
        {
            _hasGreeted = true;
        }
        else if (isOwn && head.Kind == EntryKind.Operations)
        {
            _entry = null;
            foreach (OperationResult result in _results.ToArray())
            {
                _onTheirWay.Dequeue()(result);
            }
        }
        else if (_hasGreeted)
        {
            IsFenced = true;
        }
    }

    private byte[] Write(EntryKind kind, ulong sequence, ReadOnlySpan<byte> operations)
    {
        var writer = new BooksWriter();
        new LogEntry(kind, Replica.Genesis, Node, Incarnation, sequence, Replica.Applied).Write(writer);
        return [.. writer.Written, .. operations];
    }
}

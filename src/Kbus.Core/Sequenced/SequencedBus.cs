namespace Kbus.Core;

/// <summary>A bus each of whose operations goes through a log, in which this node is alone.</summary>
/// <remarks>
/// It shows that a replica does what the bus itself does: the same links and device files work with it. Before each operation it puts what
/// the node's processes have taken by themselves into the log. A second replica, which hashes names in another way and has no messages,
/// applies the same entries and must have the same books.
/// </remarks>
internal sealed class SequencedBus : BusOperations
{
    // Entries between two comparisons of the replicas, and between two snapshots.
    private const ulong EntriesBetweenDigests = 64;
    private const ulong EntriesBetweenSnapshots = 4096;
    private const ulong OtherSeed = 0x9E3779B97F4A7C15;

    private readonly MemoryLog _log = new();
    private readonly ReplicaNode _node;
    private readonly Replica _other;
    private readonly List<OperationResult> _unused = [];
    private readonly List<KsockState> _own = [];
    private readonly Random? _faults;
    private Carrier? _opening;
    private bool _takesMatter;
    private OperationResult _result;

    /// <summary>Makes a bus, which is born at once.</summary>
    /// <param name="options">Its limits, already checked.</param>
    /// <param name="faults">Has entries come again, early and late, and the other replica begin anew; null for none of that.</param>
    public SequencedBus(BusOptions options, Random? faults = null)
    {
        _faults = faults;
        _node = new ReplicaNode(1, (ulong)Random.Shared.NextInt64(), options, _ => new ReportedCarrier(_opening!, () => _takesMatter = true));
        _other = new Replica(options with { HashSeed = options.HashSeed ^ OtherSeed }, owner => new StubCarrier(owner));
        Append(Replica.Birth(Guid.NewGuid(), options));
        Append(_node.NextEntry()!.Value);
    }

    /// <inheritdoc/>
    public override Bus Books => _node.Replica.Books;

    /// <inheritdoc/>
    public override KsockState Open(bool canWrite, Carrier carrier)
    {
        _opening = carrier;
        uint id = Do(new BusOperation
        {
            Kind = OperationKind.Open,
            Flags = canWrite ? BusOperation.CanWrite : (byte)0,
            Bytes = BusOperation.BytesOf(carrier.Owner),
        }).Value;
        _opening = null;
        KsockState ksock = Books.FindKsock(id)!;
        _own.Add(ksock);
        return ksock;
    }

    /// <inheritdoc/>
    public override void Close(KsockState ksock)
    {
        ((ReportedCarrier)ksock.Carrier).Hold();
        _ = Do(new BusOperation { Kind = OperationKind.Close, Ksock = ksock.Id });
        _own.Remove(ksock);
    }

    /// <inheritdoc/>
    public override Errno Bind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier) => Do(OfName(OperationKind.Bind, ksock, name, isReplier)).Error;

    /// <inheritdoc/>
    public override Errno Unbind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier) =>
        DoHeld(OfName(OperationKind.Unbind, ksock, name, isReplier), ksock).Error;

    /// <inheritdoc/>
    public override bool Revoke(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier) =>
        DoHeld(OfName(OperationKind.Revoke, ksock, name, isReplier), ksock).Value != 0;

    /// <inheritdoc/>
    public override Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier) => Books.FindReplier(name, isMatching, out replier);

    /// <inheritdoc/>
    public override Errno Send(KsockState sender, StoredMessage message, out MessageId id)
    {
        byte[] bytes = new byte[message.EntireLength];
        message.CopyEntire(0, bytes, message.Header.Flags);
        uint tag = message.Tag;
        byte flags = message.IsForRequesterAlone ? BusOperation.ForRequesterAlone : (byte)0;
        message.Release();
        OperationResult result = Do(new BusOperation { Kind = OperationKind.Send, Flags = flags, Ksock = sender.Id, Value = tag, Bytes = bytes });
        id = result.Id;
        return result.Error;
    }

    /// <inheritdoc/>
    public override Errno Retry(KsockState sender, out MessageId id)
    {
        OperationResult result = Do(new BusOperation { Kind = OperationKind.Retry, Ksock = sender.Id });
        id = result.Id;
        return result.Error;
    }

    /// <inheritdoc/>
    public override (bool Readable, bool Writable) Poll(KsockState ksock)
    {
        uint value = Do(new BusOperation { Kind = OperationKind.Poll, Ksock = ksock.Id }).Value;
        return ((value & Bus.ReadableBit) != 0, (value & Bus.WritableBit) != 0);
    }

    /// <inheritdoc/>
    public override void Discard(KsockState ksock) => _ = Do(new BusOperation { Kind = OperationKind.Discard, Ksock = ksock.Id });

    /// <inheritdoc/>
    public override void JudgeWaiting(KsockState sender, bool isForRequesterAlone, bool isForbidden)
    {
        byte flags = (byte)((isForRequesterAlone ? BusOperation.ForRequesterAlone : 0) | (isForbidden ? BusOperation.Forbidden : 0));
        _ = Do(new BusOperation { Kind = OperationKind.JudgeWaiting, Flags = flags, Ksock = sender.Id });
    }

    /// <inheritdoc/>
    public override Errno Ask(KsockState ksock, Setting setting, uint value, out uint result)
    {
        OperationResult asked = Do(new BusOperation { Kind = OperationKind.Ask, Flags = (byte)setting, Ksock = ksock.Id, Value = value });
        result = asked.Value;
        return asked.Error;
    }

    /// <inheritdoc/>
    public override bool Take(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false) =>
        HasTaken(ksock, ksock.Carrier.Host.TryTake(out delivered, out uint number), new Take(number, isHeld));

    /// <inheritdoc/>
    public override bool TakeAnswer(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false) =>
        HasTaken(ksock, ksock.Carrier.Host.TryTakeAnswer(out delivered, out uint number), new Take(number, isHeld, IsAnswer: true));

    /// <inheritdoc/>
    public override void NoteTakes(KsockState ksock) => ReportTakes();

    /// <inheritdoc/>
    public override void NoteReleased(KsockState ksock, int bytes) =>
        _ = Do(new BusOperation { Kind = OperationKind.Released, Ksock = ksock.Id, Value = (uint)bytes });

    /// <inheritdoc/>
    public override bool TryReserve(KsockState ksock, int bytes) =>
        Do(new BusOperation { Kind = OperationKind.Reserve, Ksock = ksock.Id, Value = (uint)bytes }).Error == Errno.None;

    /// <inheritdoc/>
    public override void ReturnReserved(KsockState ksock)
    {
        if (ksock.ReservedBytes > 0)
        {
            _ = Do(new BusOperation { Kind = OperationKind.ReturnReserved, Ksock = ksock.Id });
        }
    }

    /// <inheritdoc/>
    public override void Withdraw(KsockState ksock, uint tag) =>
        _ = DoHeld(new BusOperation { Kind = OperationKind.Withdraw, Ksock = ksock.Id, Value = tag }, ksock);

    private bool HasTaken(KsockState ksock, bool isThere, Take take)
    {
        if (isThere)
        {
            _ = Do(new BusOperation { Kind = OperationKind.Taken, Ksock = ksock.Id, Bytes = BusOperation.BytesOf([take]) });
        }

        return isThere;
    }

    private static BusOperation OfName(OperationKind kind, KsockState ksock, ReadOnlySpan<byte> name, bool isReplier) =>
        new() { Kind = kind, Flags = isReplier ? BusOperation.AsReplier : (byte)0, Ksock = ksock.Id, Bytes = name };

    /// <summary>Has an operation applied that takes messages back, or moves them: what the process takes meanwhile would be taken back,
    /// too.</summary>
    private OperationResult DoHeld(in BusOperation operation, KsockState ksock)
    {
        var carrier = (ReportedCarrier)ksock.Carrier;
        carrier.Hold();
        OperationResult result = Do(operation);
        carrier.LetGo();
        return result;
    }

    private OperationResult Do(in BusOperation operation)
    {
        ProposeTakes();
        _node.Propose(operation, result => _result = result);
        Append(_node.NextEntry()!.Value);
        OperationResult done = _result;
        if (_takesMatter)
        {
            // Somebody has begun to wait. What was taken since the takes were put into the log would otherwise be told by nobody.
            _takesMatter = false;
            ReportTakes();
        }

        return done;
    }

    /// <summary>Puts what the processes have taken by themselves into the log.</summary>
    private void ReportTakes()
    {
        ProposeTakes();
        if (_node.NextEntry() is { } entry)
        {
            Append(entry);
        }
    }

    private void ProposeTakes()
    {
        foreach (KsockState ksock in _own)
        {
            for (ReadOnlySpan<Take> takes = ksock.Carrier.Host.ObserveTaken(); !takes.IsEmpty; takes = ksock.Carrier.Host.ObserveTaken())
            {
                _node.Propose(new BusOperation { Kind = OperationKind.Taken, Ksock = ksock.Id, Bytes = BusOperation.BytesOf(takes) }, static _ => { });
            }
        }
    }

    private void Append(ReadOnlyMemory<byte> entry)
    {
        // Every call of this log is over when it returns.
        Over(_log.AppendAsync(entry));
        if (_faults is not null)
        {
            Disturb(entry, _faults);
        }

        while (_node.Replica.Applied < _log.Last)
        {
            ReadOnlyMemory<byte> read = Over(_log.ReadAsync(_node.Replica.Applied));
            _node.Apply(read.Span);
            _ = _other.Apply(read.Span, _unused);
            Compare();
        }
    }

    /// <summary>What an engine may do: an entry comes twice, or once more when it is long past. And a node may begin anew.</summary>
    private void Disturb(ReadOnlyMemory<byte> entry, Random faults)
    {
        switch (faults.Next(8))
        {
            case 0:
                Over(_log.AppendAsync(entry));
                break;
            case 1:
                Over(_log.AppendAsync(Over(_log.ReadAsync(_log.First + (ulong)faults.NextInt64((long)(_log.Last - _log.First))))));
                break;
            case 2 when _node.Replica.Applied > 0:
                _other.Load(_node.Replica.Save());
                break;
            default:
                break;
        }
    }

    private void Compare()
    {
        ulong applied = _node.Replica.Applied;
        if (applied % EntriesBetweenDigests == 0 && _node.Replica.Digest() != _other.Digest())
        {
            throw new InvalidOperationException($"After entry {applied} two replicas differ.");
        }

        if (applied % EntriesBetweenSnapshots == 0)
        {
            Trim(applied);
        }
    }

    /// <summary>Lets the other replica go on from a snapshot, so that the entries before it can go.</summary>
    private void Trim(ulong applied)
    {
        Over(_log.SaveSnapshotAsync(applied, _node.Replica.Save()));
        Over(_log.TrimAsync(applied));
        _other.Load(Over(_log.LoadSnapshotAsync()).Snapshot.Span);
    }

    private static void Over(in ValueTask call)
    {
        if (!call.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("A log in memory did not act at once.");
        }
    }

    private static T Over<T>(in ValueTask<T> call) =>
        call.IsCompletedSuccessfully ? call.Result : throw new InvalidOperationException("A log in memory gave no answer at once.");
}

namespace Kbus.Core;

// The same books in another bus, which goes on from there.
internal sealed partial class Bus
{
    /// <summary>Makes a bus with saved books. It goes on as the saved one would.</summary>
    /// <param name="books">What <see cref="SaveBooks"/> wrote.</param>
    /// <param name="host">The options that are the host's own: the hash seed, and how work is divided.</param>
    /// <param name="carrierOf">Makes the carrier of each Ksock, oldest first. It has what is in the Ksock's queue.</param>
    /// <exception cref="BooksException">The books are of another version, are cut off, or contradict themselves.</exception>
    public static Bus Restore(ReadOnlySpan<byte> books, BusOptions host, Func<uint, KsockOwner, Carrier> carrierOf)
    {
        var reader = new BooksReader(books);
        if (reader.ReadUInt32() != BooksMagic)
        {
            throw new BooksException("These are no books of a bus.");
        }

        uint version = reader.ReadUInt32();
        if (version != BooksVersion)
        {
            throw new BooksException($"These books have version {version}; this release reads version {BooksVersion}.");
        }

        var bus = new Bus(ReadOptions(ref reader, host));
        try
        {
            bus.ReadBooks(ref reader, carrierOf);
        }
        catch (Exception e) when (e is KeyNotFoundException or ArgumentException)
        {
            throw new BooksException($"These books contradict themselves: {e.Message}");
        }

        return reader.IsAtEnd ? bus : throw new BooksException("Something stands behind the end of these books.");
    }

    private void ReadBooks(ref BooksReader reader, Func<uint, KsockOwner, Carrier> carrierOf)
    {
        MaxMessageSize = reader.ReadUInt32();
        IsVerbose = reader.ReadBool();
        ReportsBinds = reader.ReadBool();
        _lastSerial = reader.ReadUInt32();
        _lastKsockId = reader.ReadUInt32();
        _idsHaveWrapped = true;
        _deliveries = reader.ReadUInt64();
        _losingEvents = reader.ReadBool();
        ReadKsocks(ref reader, carrierOf);
        List<Binding> bindings = ReadBindings(ref reader);
        List<ReplyDebt> debts = ReadDebts(ref reader);
        ReadQueues(ref reader, bindings, debts);
        ReadWaiting(ref reader);
        ReadSetAside(ref reader, bindings);
        Charges.Read(ref reader);
        for (KsockState? ksock = KsocksByAge.Oldest; ksock is not null; ksock = KsocksByAge.After(ksock))
        {
            TellTakes(ksock);
        }

        // Who was about to be woken is not known any more.
        _waitingSenders.BeginRound();
        Finish();
    }

    private static BusOptions ReadOptions(ref BooksReader reader, BusOptions host)
    {
        BusOptions options = host with
        {
            DefaultMaxMessages = reader.ReadUInt32(),
            DefaultMaxMessageSize = reader.ReadUInt32(),
            AbsoluteMaxMessageSize = reader.ReadUInt32(),
            MaxSetAsideEvents = reader.ReadUInt32(),
            MaxQueuedBytes = reader.ReadInt64(),
            MaxBindings = reader.ReadCount(),
            MaxRepeats = reader.ReadCount(),
            MaxNameBytes = reader.ReadInt64(),
            MaxRequests = reader.ReadCount(),
            MaxMessageBytes = reader.ReadInt64(),
        };
        return options.Check() is { } fault ? throw new BooksException($"These books contradict themselves: {fault}") : options;
    }

    private void ReadKsocks(ref BooksReader reader, Func<uint, KsockOwner, Carrier> carrierOf)
    {
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            uint id = reader.ReadUInt32();
            bool canWrite = reader.ReadBool();
            int processId = (int)reader.ReadUInt32();
            uint userId = reader.ReadUInt32();
            var mode = (KsockMode)reader.ReadByte();
            ulong process = reader.ReadUInt64();
            var owner = new KsockOwner(processId, userId, mode, process, reader.ReadUInt32());
            var kind = (ChargeKind)reader.ReadByte();
            var level = (ChargeLevel)reader.ReadByte();
            long limit = reader.ReadInt64();
            KsockState ksock = Enter(id, canWrite, owner, carrierOf(id, owner));
            ksock.Refusal = new QuotaRefusal(kind, level, limit);
            ksock.MaxMessages = reader.ReadUInt32();
            ksock.OnlyOnce = reader.ReadBool();
            ksock.NetworkId = reader.ReadUInt32();
            ksock.LastSent = reader.ReadId();
            ksock.LastPushed = reader.ReadId();
            ksock.LastDelivery = reader.ReadUInt64();
            ksock.LastNumber = reader.ReadUInt32();
            ksock.NotAppended = (uint)ksock.LastNumber - reader.ReadUInt32();
            ksock.Missed = reader.ReadUInt64();
            ksock.HeldBytes = reader.ReadInt64();
            ksock.ReservedBytes = reader.ReadInt64();
            ksock.MaxOutstanding = reader.ReadCount();
            ksock.MaxUnreplied = reader.ReadUInt32();
            ksock.MissedPlaces = reader.ReadBool() ? MissedPlaces.Read(ref reader) : null;
        }
    }

    private List<Binding> ReadBindings(ref BooksReader reader)
    {
        List<Binding> bindings = [];
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            KsockState ksock = _ksocks[reader.ReadUInt32()];
            bool isReplier = reader.ReadBool();
            ReadOnlySpan<byte> name = reader.ReadBytes();
            if (MessageName.CheckBinding(name) != Errno.None || (isReplier && _bindings.FindReplier(name) is not null))
            {
                throw new BooksException("These books contradict themselves: nobody can be bound so.");
            }

            bindings.Add(_bindings.Add(ksock, name, isReplier));
        }

        return bindings;
    }

    private List<ReplyDebt> ReadDebts(ref BooksReader reader)
    {
        List<ReplyDebt> debts = [];
        for (KsockState? sender = KsocksByAge.Oldest; sender is not null; sender = KsocksByAge.After(sender))
        {
            for (int left = reader.ReadCount(); left > 0; left--)
            {
                KsockState replier = _ksocks[reader.ReadUInt32()];
                MessageId id = reader.ReadId();
                uint tag = reader.ReadUInt32();
                debts.Add(_ledger.Restore(sender, replier, id, tag, isOwed: reader.ReadBool()));
            }
        }

        return debts;
    }

    private void ReadQueues(ref BooksReader reader, List<Binding> bindings, List<ReplyDebt> debts)
    {
        for (KsockState? ksock = KsocksByAge.Oldest; ksock is not null; ksock = KsocksByAge.After(ksock))
        {
            for (int left = reader.ReadCount(); left > 0; left--)
            {
                uint number = reader.ReadUInt32();
                ref QueueEntry entry = ref ksock.Queue.Append(number, reader.ReadCount());
                entry.Because = BindingAt(bindings, reader.ReadUInt32());
                uint debt = reader.ReadUInt32();
                if (debt != 0)
                {
                    entry.Debt = debt == BooksPlaces.SenderGone ? _ledger.RestoreToGone(ksock) : DebtAt(debts, debt);
                    ReplyLedger.RestoreQueued(entry.Debt);
                }
            }

            for (int left = reader.ReadCount(); left > 0; left--)
            {
                uint number = reader.ReadUInt32();
                ref QueueEntry answer = ref ksock.Answers.Append(number, reader.ReadCount());
                answer.Tag = reader.ReadUInt32();
            }

            ksock.CountAnswers();
            ksock.CountFromNow();
            ksock.UnrepliedToGone = reader.ReadUInt32();
            for (int left = reader.ReadCount(); left > 0; left--)
            {
                ksock.Unreplied.Add(DebtAt(debts, reader.ReadUInt32()));
            }
        }
    }

    private void ReadWaiting(ref BooksReader reader)
    {
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            KsockState sender = _ksocks[reader.ReadUInt32()];
            sender.HoldsSlot = reader.ReadBool();
            uint tag = reader.ReadUInt32();
            bool isForRequesterAlone = reader.ReadBool();
            bool isForbidden = reader.ReadBool();
            StoredMessage message = reader.ReadMessage(Pool);
            message.Tag = tag;
            message.IsForRequesterAlone = isForRequesterAlone;
            message.IsForbidden = isForbidden;
            sender.Waiting = message;
            _waitingSenders.Add(sender);
        }

        for (KsockState? full = KsocksByAge.Oldest; full is not null; full = KsocksByAge.After(full))
        {
            for (int left = reader.ReadCount(); left > 0; left--)
            {
                KsockState sender = _ksocks[reader.ReadUInt32()];
                sender.BlockedOn = full;
                full.Blocked.Add(sender);
            }
        }

        // The others wait for one that has closed. They were about to be woken.
        for (KsockState? sender = _waitingSenders.Oldest; sender is not null; sender = _waitingSenders.After(sender))
        {
            if (sender.BlockedOn is null)
            {
                sender.BlockedOn = _ledger.Gone;
                _ledger.Gone.Blocked.Add(sender);
            }
        }
    }

    private void ReadSetAside(ref BooksReader reader, List<Binding> bindings)
    {
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            KsockState ksock = _ksocks[reader.ReadUInt32()];
            _withSetAside.Add(ksock);
            for (int events = reader.ReadCount(); events > 0; events--)
            {
                Binding binding = BindingAt(bindings, reader.ReadUInt32()) ?? throw new BooksException("These books contradict themselves: an event is due to nobody.");
                bool isLostMarker = reader.ReadBool();
                ksock.SetAside.Add(new SetAsideEvent(reader.ReadMessage(Pool), binding, isLostMarker));
                _setAsideCount++;
            }
        }
    }

    private static Binding? BindingAt(List<Binding> bindings, uint number) => number switch
    {
        0 => null,
        _ when number <= bindings.Count => bindings[(int)number - 1],
        _ => throw new BooksException($"These books contradict themselves: binding {number} of {bindings.Count}."),
    };

    private static ReplyDebt DebtAt(List<ReplyDebt> debts, uint number) => number > 0 && number <= debts.Count
        ? debts[(int)number - 1]
        : throw new BooksException($"These books contradict themselves: debt {number} of {debts.Count}.");
}

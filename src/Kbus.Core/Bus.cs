using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>One bus: its Ksocks, bindings, queues and owed replies. An operation goes in; a result and messages on queues come
/// out.</summary>
/// <remarks>
/// <para>It has no clock, no thread, no I/O and no randomness: the same operations in the same order give the same results. It is
/// not safe for use by several threads at once; its host calls it from one thread, or under one lock.</para>
/// <para>Each operation has a file of its own: Open, Bind, Send, Take, Status, Settings, Events, Close.</para>
/// </remarks>
internal sealed partial class Bus : BusOperations
{
    // Messages that a process has taken by itself are released at least this often. So few are lent, and they stay warm in the
    // processor's cache, however long a queue may be.
    private const uint AppendsBetweenLooks = 32;

    // A Ksock with more messages or debts than that would take too long to check after each operation.
    private const int MostToAssert = 500;

    private readonly BusOptions _options;
    private readonly BindingTable _bindings;
    private readonly ReplyLedger _ledger;
    private readonly Dictionary<uint, KsockState> _ksocks = [];
    private readonly WaitingSenders _waitingSenders = new(WaitingSide.Bus);
    private readonly List<KsockState> _withSetAside = [];
    private uint _lastSerial;
    private uint _lastKsockId;
    private ulong _steps;
    private bool _bindingsChanged;

    /// <summary>Makes an empty bus.</summary>
    /// <param name="options">Its limits, already checked.</param>
    public Bus(BusOptions options)
    {
        _options = options;
        _bindings = new BindingTable(options.HashSeed);
        Charges = new ChargeBook(options.Limits, BusOptions.Floors);
        _ledger = new ReplyLedger(Charges);
        MaxMessageSize = options.DefaultMaxMessageSize;
    }

    /// <summary>Lends the messages of this bus. Senders compose them with it.</summary>
    public MessagePool Pool { get; } = new();

    /// <inheritdoc/>
    public override Bus Books => this;

    /// <summary>What its members hold, and may hold.</summary>
    public ChargeBook Charges { get; }

    /// <summary>The open Ksocks, in no particular order.</summary>
    public Dictionary<uint, KsockState>.ValueCollection Ksocks => _ksocks.Values;

    /// <summary>The open Ksocks, the oldest first.</summary>
    public KsockList KsocksByAge { get; } = new();

    /// <summary>The id that the last opened Ksock got; 0 before the first.</summary>
    public uint LastKsockId => _lastKsockId;

    /// <summary>The serial number that was last given to a message; 0 before the first.</summary>
    public uint LastSerial => _lastSerial;

    /// <summary>The number of bindings.</summary>
    public int BindingCount => _bindings.Count;

    /// <summary>All bindings, newest first.</summary>
    public IEnumerable<Binding> Bindings => _bindings.All.NewestFirst.Where(b => !b.Ksock.IsLeaving);

    /// <summary>The same as a list that can be read in pieces; with those of closed Ksocks that are still to be cleared away.</summary>
    public BindingList AllBindings => _bindings.All;

    /// <summary>The work that the bus has done, in steps: one for each recipient, binding, entry or debt that an operation read or
    /// changed.</summary>
    /// <remarks>Counted, not measured, so that it is the same for the same operations. A step takes some 50 to 100 nanoseconds.</remarks>
    public ulong Steps => _steps + _bindings.Looked + _bindings.Traffic.Steps;

    /// <summary>The number of owed answers.</summary>
    public int AnswersOwed => _ledger.Owed;

    /// <summary>The open Ksock with this id, or null.</summary>
    public KsockState? FindKsock(uint id) => _ksocks.GetValueOrDefault(id);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MessageId NextId()
    {
        if (++_lastSerial == 0)
        {
            _lastSerial = 1;
        }

        return new MessageId(0, _lastSerial);
    }

    /// <summary>Records what the process has taken by itself. Always true, so that it can be part of a condition.</summary>
    private bool Observe(KsockState ksock)
    {
        if (ksock.IsOpen)
        {
            ReadOnlySpan<Take> taken = ksock.Carrier.ObserveTaken();
            if (!taken.IsEmpty)
            {
                RecordTaken(ksock, taken);
            }
        }

        return true;
    }

    private void RecordTaken(KsockState ksock, ReadOnlySpan<Take> taken)
    {
        while (!taken.IsEmpty)
        {
            RecordTakes(ksock, taken);
            taken = ksock.Carrier.ObserveTaken();
        }

        RoomMade(ksock);
    }

    private void RecordTakes(KsockState ksock, ReadOnlySpan<Take> taken)
    {
        long freed = 0;
        foreach (Take take in taken)
        {
            freed += RecordTake(ksock, take);
        }

        Charges.ReturnBytes(ksock.Charges, freed);
        _steps += (uint)taken.Length;
    }

    /// <summary>Removes a taken message from the books.</summary>
    /// <returns>The bytes that are no longer charged.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long RecordTake(KsockState ksock, Take take)
    {
        // What was taken on the lane of answers may have been moved into the queue before the bus was told.
        if (!(take.IsAnswer && TryRemove(ksock, ksock.Answers, take.Number, out QueueEntry entry))
            && !TryRemove(ksock, ksock.Queue, take.Number, out entry))
        {
            return 0;
        }

        if (entry.Debt is not null)
        {
            _ledger.CopyTaken(entry.Debt);
        }

        if (take.IsHeld)
        {
            ksock.HeldBytes += entry.Length;
            return MessageQueue.BookBytes;
        }

        return entry.Length + MessageQueue.BookBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRemove(KsockState ksock, MessageQueue queue, uint number, out QueueEntry entry)
    {
        bool isThere = queue.TryRemove(number, out entry, out int passed);
        _steps += (uint)passed;
        if (queue == ksock.Answers)
        {
            ksock.CountAnswers();
        }

        return isThere;
    }

    /// <summary>Puts one copy at the end of a queue, and counts it.</summary>
    private void AppendOne(KsockState ksock, StoredMessage message, Binding? because, CopyFate fate, ReplyDebt? debt = null)
    {
        CountCopies(message, 1);
        Append(ksock, message, because, fate, debt);
    }

    /// <summary>Puts a copy at the end of a queue. The caller counts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(KsockState ksock, StoredMessage message, Binding? because, CopyFate fate, ReplyDebt? debt = null)
    {
        uint number = (uint)++ksock.LastNumber;
        ref QueueEntry entry = ref ksock.Queue.Append(number, message.EntireLength);
        Charges.UseBytes(ksock.Charges, message.EntireLength + MessageQueue.BookBytes);
        entry.Because = because;
        if (debt is not null)
        {
            entry.Debt = debt;
        }

        ksock.LastPushed = message.Header.Id;
        ksock.LastDelivery = _deliveries;
        if (ksock.IsOpen)
        {
            ksock.Carrier.Appended(message, FlagsOf(message, debt), number);
        }

        NoteCopy(ksock, fate);
        if (ksock.Appended % AppendsBetweenLooks == 0)
        {
            Observe(ksock);
        }
    }

    /// <summary>The flags of a copy. Only the copy whose recipient must reply has YOU set.</summary>
    private static MessageFlags FlagsOf(StoredMessage message, ReplyDebt? debt) =>
        debt is null ? message.Header.Flags : message.Header.Flags | MessageFlags.WantYouToReply;

    /// <summary>Ends an operation: lets set-aside events in, wakes the senders it may have made way for, and checks the books.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish()
    {
        if (_withSetAside.Count > 0)
        {
            AdmitSetAside();
        }

        if (_bindingsChanged)
        {
            _bindingsChanged = false;
            _waitingSenders.BeginRound();
        }

        if (HasMore)
        {
            Continue(_options.StepsAtOnce);
        }

        AssertInvariants();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        // On a small bus, which most tests have, everything is checked. On a big bus only a few Ksocks are, or it would never end.
        int looked = 0;
        foreach (KsockState ksock in _ksocks.Values)
        {
            if (++looked > 32)
            {
                break;
            }

            AssertInvariants(ksock);
        }

        Debug.Assert(looked > 32 || _ledger.Owed == _ksocks.Values.Sum(k => k.Outstanding), "every owed answer has a sender that waits for it");
        Debug.Assert(_waitingSenders.NewestFirst.Take(32).All(k => k.Waiting is not null && k.IsOpen), "who is listed as waiting waits");
        Debug.Assert(_withSetAside.TrueForAll(k => k.SetAside.Count > 0), "who is listed as having set-aside events has some");
        Debug.Assert(_setAsideCount > 0 || !_losingEvents, "events are not being lost once none is set aside");
    }

    private static void AssertInvariants(KsockState ksock)
    {
        if (ksock.WaitingCount > MostToAssert || ksock.Debts.Count > MostToAssert)
        {
            return;
        }

        int owed = 0;
        for (ReplyDebt? debt = ksock.Debts.Oldest; debt is not null; debt = ksock.Debts.After(debt))
        {
            Debug.Assert(debt.Sender == ksock, "a debt stands with its sender");
            Debug.Assert(debt.State == DebtState.Owed || debt.IsQueued, "an answered debt stays only while the copy is queued");
            owed += debt.State == DebtState.Owed ? 1 : 0;
        }

        Debug.Assert(owed == ksock.Outstanding, "each owed answer has one reserved place");
        long bytes = 0;
        int queuedDebts = 0;
        for (int i = 0; i < ksock.Queue.Count; i++)
        {
            QueueEntry entry = ksock.Queue[i];
            bytes += entry.Length;
            queuedDebts += entry.Debt is null ? 0 : 1;
            Debug.Assert(entry.Tag == 0, "in the queue nothing has a tag");
            Debug.Assert(entry.Debt is null || (entry.Debt.IsQueued && entry.Debt.Replier == ksock), "a copy to answer knows its debt");
            Debug.Assert(entry.Because is null || (entry.Because.Ksock == ksock && entry.Because.AtKsock.IsLinked), "no message outlives the binding it came by");
        }

        Debug.Assert(bytes == ksock.Queue.Bytes, "the bytes of a queue are those of its messages");
        for (int i = 0; i < ksock.Answers.Count; i++)
        {
            Debug.Assert(ksock.Answers[i] is { Tag: not 0, Debt: null, Because: null }, "on the lane there are awaited answers alone");
        }

        Debug.Assert(ksock.AnswerCount == ksock.Answers.Count && ksock.AnswerBytes == ksock.Answers.Bytes, "the lane is as it was counted");
        Debug.Assert(!ksock.HoldsSlot || ksock.Waiting is not null, "only a waiting Request holds a place");
        Debug.Assert(ksock.Waiting is null == ksock.BlockedOn is null, "a waiting message waits for somebody");
        Debug.Assert(ksock.QueuedDebts.Count == queuedDebts, "each Request to answer that waits is known as such");
    }
}

namespace Kbus.Core;

/// <summary>What a bus keeps of one open Ksock. Only the bus's own thread touches it. Spec section 5.1.</summary>
internal sealed class KsockState(uint id, bool canWrite, uint maxMessages, Carrier carrier, ProcessCharges charges)
{
    private ulong _uncountedCopies;
    private ulong _uncountedBytes;

    /// <summary>The Ksock's id on its bus; ids ascend from 1.</summary>
    public uint Id { get; } = id;

    /// <summary>True if the Ksock was opened for writing, and so can send.</summary>
    public bool CanWrite { get; } = canWrite;

    /// <summary>Whose it is.</summary>
    public KsockOwner Owner { get; init; }

    /// <summary>How its messages reach it.</summary>
    public Carrier Carrier { get; } = carrier;

    /// <summary>What its process holds: there is charged what this Ksock holds.</summary>
    public ProcessCharges Charges { get; } = charges;

    /// <summary>Why something was last refused to it with EDQUOT.</summary>
    public QuotaRefusal Refusal { get; set; }

    /// <summary>Queue limit (MAXMSGS).</summary>
    public uint MaxMessages { get; set; } = maxMessages;

    /// <summary>True if a message that matches several of its bindings comes only once (MSGONLYONCE).</summary>
    public bool OnlyOnce { get; set; }

    /// <summary>The network id of the Limpet whose Ksock this is; 0 if it is nobody's but its own.</summary>
    public uint NetworkId { get; set; }

    /// <summary>Id of the message most recently sent or tried to be sent (LASTSENT).</summary>
    public MessageId LastSent { get; set; }

    /// <summary>The way of the message most recently sent: programs mostly send one name many times.</summary>
    public Route? LastRoute { get; set; }

    /// <summary>Id of the message most recently put into the queue.</summary>
    public MessageId LastPushed { get; set; }

    /// <summary>Which delivery put that into the queue: a number of the bus.</summary>
    public ulong LastDelivery { get; set; }

    /// <summary>The books about the messages that wait for it.</summary>
    public MessageQueue Queue { get; private set; } = new();

    /// <summary>The lane of answers: the books about the answers that its library awaits, each with the tag of its Request.</summary>
    /// <remarks>They count against the limits like what is in the queue, and share its numbers. They make nobody readable.</remarks>
    public MessageQueue Answers { get; private set; } = new();

    /// <summary>The number of <see cref="Answers"/>, kept here so that a send to this Ksock need not read the lane.</summary>
    public int AnswerCount { get; private set; }

    /// <summary>Bytes of the entire forms of the <see cref="Answers"/>, kept here likewise.</summary>
    public long AnswerBytes { get; private set; }

    /// <summary>The messages that wait for it, in the queue and on the lane.</summary>
    public int WaitingCount => Queue.Count + AnswerCount;

    /// <summary>Bytes of the entire forms of all that wait for it.</summary>
    public long WaitingBytes => Queue.Bytes + AnswerBytes;

    /// <summary>The bytes charged for all that wait for it.</summary>
    public long WaitingCharge => Queue.Charge + Answers.Charge;

    /// <summary>The number of copies that were ever put into the queue or onto the lane. Each entry's number is what this was then, in 32
    /// bits.</summary>
    public ulong LastNumber { get; set; }

    /// <summary>How many of them did not come at the end of the queue: they were put in front or onto the lane.</summary>
    public uint NotAppended { get; set; }

    /// <summary>Its place among the Ksocks of the bus.</summary>
    public Neighbours<KsockState> AtBus;

    /// <summary>Its bindings.</summary>
    public BindingList Bindings { get; } = new(BindingSide.Ksock);

    /// <summary>Bytes of the names in its bindings.</summary>
    public long NameBytes { get; set; }

    /// <summary>The number of its bindings as replier.</summary>
    public int RepliersBound { get; set; }

    /// <summary>The number of the last search that reached this Ksock. Each search for repeats has a new number.</summary>
    public ulong Mark { get; set; }

    /// <summary>The Requests it sent: those still owed an answer, and those answered whose copy still waits at the replier.</summary>
    public DebtList Debts { get; } = new(DebtSide.Sender);

    /// <summary>The number of answers owed to it. Each has a reserved place in its queue.</summary>
    public int Outstanding { get; set; }

    /// <summary>The most answers it was ever owed at once.</summary>
    public int MaxOutstanding { get; set; }

    /// <summary>The Requests to be replied to that wait in its queue, in the order of the queue.</summary>
    public DebtList QueuedDebts { get; } = new(DebtSide.Replier);

    /// <summary>The Requests it has taken and not replied to, in the order of taking.</summary>
    public DebtList Unreplied { get; } = new(DebtSide.Replier);

    /// <summary>The number of further Requests that it has taken and not replied to, whose senders have gone. Only their number
    /// matters.</summary>
    public uint UnrepliedToGone { get; set; }

    /// <summary>The number of Requests that it has taken and not replied to (UNREPLIEDTO).</summary>
    public uint UnrepliedCount => (uint)Unreplied.Count + UnrepliedToGone;

    /// <summary>The most Requests it ever had taken and not replied to at once.</summary>
    public uint MaxUnreplied { get; set; }

    /// <summary>The message it waits to send (ALL_OR_WAIT, after EAGAIN), or null.</summary>
    public StoredMessage? Waiting { get; set; }

    /// <summary>True while a waiting Request holds its reply's place (D8).</summary>
    public bool HoldsSlot { get; set; }

    /// <summary>Whose full queue its waiting message was last refused by.</summary>
    public KsockState? BlockedOn { get; set; }

    /// <summary>The waiting senders that this Ksock's full queue holds up.</summary>
    public WaitingSenders Blocked { get; } = new(WaitingSide.Blocker);

    /// <summary>Its place among the Ksocks of its process.</summary>
    public Neighbours<KsockState> AmongProcess;

    /// <summary>Its place among all waiting senders of the bus, while it is one.</summary>
    public Neighbours<KsockState> AmongWaiting;

    /// <summary>Its place among the senders that the same full queue holds up.</summary>
    public Neighbours<KsockState> AmongBlocked;

    /// <summary>True while it is in the bus's list of those whose blocked senders are to be woken.</summary>
    public bool WakesBlocked { get; set; }

    /// <summary>Events set aside until this Ksock has room, oldest first.</summary>
    public List<SetAsideEvent> SetAside { get; } = [];

    /// <summary>The number of messages that were ever put at the end of the queue.</summary>
    public uint Appended => (uint)LastNumber - NotAppended;

    /// <summary>Listener copies that were refused because its queue was full (P4).</summary>
    public ulong Missed { get; set; }

    /// <summary>The counts of its traffic, without those that change with each copy: see <see cref="Counted"/>.</summary>
    public TrafficCounts Traffic;

    /// <summary>All counts of its traffic. Copies are counted by their numbers, and their bytes by the queue and the lane.</summary>
    public TrafficCounts Counted => Traffic with
    {
        Delivered = LastNumber - _uncountedCopies,
        DeliveredBytes = Queue.BytesIn + Answers.BytesIn - _uncountedBytes,
        Missed = Missed,
    };

    /// <summary>Where among its messages those are missing; null until it asks.</summary>
    public MissedPlaces? MissedPlaces { get; set; }

    /// <summary>Bytes of messages it has taken but still reads in the bus's memory; they count against its byte budget.</summary>
    public long HeldBytes { get; set; }

    /// <summary>Bytes of messages that it has under construction, as charged.</summary>
    public long ReservedBytes { get; set; }

    /// <summary>The number of the closing that last had the bus observe its takes.</summary>
    public ulong ObservedAt { get; set; }

    /// <summary>The number of copies that it gets of the urgent message that is being delivered; 0 between two operations.</summary>
    public int UrgentCopies { get; set; }

    /// <summary>False once it has been closed.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>True once it has been closed with more than could be cleared away at once: the bindings it still has count for
    /// nobody.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>True if a Limpet carries messages to and from another bus by this Ksock.</summary>
    public bool IsLimpet => NetworkId != 0;

    /// <summary>Places of its queue that answers may still need.</summary>
    public int Reserved => Outstanding + (HoldsSlot ? 1 : 0);

    /// <summary>A listener copy was refused because its queue was full.</summary>
    public void Miss()
    {
        Missed++;
        MissedPlaces?.Add(this);
    }

    /// <summary>Begins with an empty queue and an empty lane.</summary>
    public void EmptyQueue()
    {
        Queue = new MessageQueue();
        Answers = new MessageQueue();
        CountAnswers();
    }

    /// <summary>The lane has changed.</summary>
    public void CountAnswers()
    {
        AnswerCount = Answers.Count;
        AnswerBytes = Answers.Bytes;
    }

    /// <summary>Counts copies from now on, not those that saved books told of.</summary>
    public void CountFromNow() => (_uncountedCopies, _uncountedBytes) = (LastNumber, Queue.BytesIn + Answers.BytesIn);

    /// <summary>True if takes must be reported at once, because a sender or an event waits for room here.</summary>
    public bool TakesMatter => Blocked.Count > 0 || SetAside.Count > 0;
}

using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What an entry of a page tells.</summary>
internal enum PageEntryKind
{
    /// <summary>A Ksock begins; what follows up to the next such entry is its own.</summary>
    Ksock,

    /// <summary>A binding of the present Ksock.</summary>
    Binding,

    /// <summary>An answer that the present Ksock is owed.</summary>
    Owed,

    /// <summary>The present Ksock has closed since it began: the rest of it is not told.</summary>
    Closed,

    /// <summary>A name and its traffic. Names come after all Ksocks.</summary>
    Name,
}

/// <summary>One entry of a page.</summary>
internal struct PageEntry
{
    /// <summary>What it tells.</summary>
    public PageEntryKind Kind;

    /// <summary>Of a Ksock: its place in the page's list of Ksocks. Of a binding or a name: where the name starts in the page's names.</summary>
    public int Place;

    /// <summary>Of a binding or a name: bytes of the name.</summary>
    public int Length;

    /// <summary>Of a binding: whether it is a replier's. Of an answer owed: whether the Request has been read.</summary>
    public bool IsSo;

    /// <summary>Of a binding: its order among all.</summary>
    public ulong Order;

    /// <summary>Of an answer owed: the Request.</summary>
    public MessageId Request;

    /// <summary>Of an answer owed: who owes it.</summary>
    public uint Replier;

    /// <summary>Of a name: the place of its counts in the page's list of them.</summary>
    public int Counts;
}

/// <summary>What a page tells of a Ksock itself.</summary>
internal struct KsockEntry
{
    public uint Id;
    public KsockOwner Owner;
    public uint NetworkId;
    public int Queued;
    public uint MaxMessages;
    public long QueuedBytes;
    public long HeldBytes;
    public ulong Missed;
    public int Outstanding;
    public bool OnlyOnce;
    public bool IsSending;
    public MessageId LastSent;
    public TrafficCounts Traffic;
}

/// <summary>What the first page tells of the bus itself.</summary>
internal struct BusEntry
{
    public uint MaxMessageSize;
    public uint AbsoluteMaxMessageSize;
    public bool IsVerbose;
    public bool ReportsBinds;
    public int SetAsideEvents;
    public bool IsLosingEvents;
    public int AnswersOwed;
    public int Bindings;
    public TrafficCounts Traffic;
    public TrafficCounts OtherNames;
    public ulong WakeUps;
    public int Watchers;
}

using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>One page of a status report: as much of a bus as can be copied in some 20 microseconds, filled in on the bus's thread.</summary>
/// <remarks>
/// It is bounded in entries, in bytes of names and in steps, whatever is on the bus, and all of it is true of one moment. Its memory is used again for the next
/// page.
/// </remarks>
/// <param name="filled">Called when the page is filled in, or will never be; from any thread.</param>
internal sealed class StatusPage(Action<ReportPiece> filled) : ReportPiece(filled)
{
    /// <summary>Entries in a page, at most.</summary>
    public const int MostEntries = 100;

    /// <summary>Bytes of names in a page, at most.</summary>
    public const int MostNameBytes = 48 * 1024;

    // What is looked at and not told, and what looking makes the bus do, such as giving up messages that were taken.
    private const int MostLooks = 1000;
    private const ulong MostSteps = 1000;

    private readonly PageEntry[] _entries = new PageEntry[MostEntries];
    private readonly KsockEntry[] _ksocks = new KsockEntry[MostEntries];
    private readonly byte[] _names = new byte[MostNameBytes];
    private readonly TrafficCounts[] _traffic = new TrafficCounts[MostEntries];
    private int _count;
    private int _ksockCount;
    private int _nameBytes;
    private int _trafficCount;
    private BusEntry _bus;

    /// <summary>Where the report has got to. The page goes on from there.</summary>
    public ReportPlace Place { get; set; } = null!;

    /// <summary>Whether it is the first page of its bus, which tells of the bus itself.</summary>
    public bool IsFirst { get; private set; }

    /// <summary>Whether it is the last page of its bus.</summary>
    public bool IsLast { get; private set; }

    /// <summary>What it tells, in order.</summary>
    public ReadOnlySpan<PageEntry> Entries => _entries.AsSpan(0, _count);

    /// <summary>What it tells of the bus itself, if it is the first.</summary>
    public ref readonly BusEntry Bus => ref _bus;

    /// <summary>What an entry tells of a Ksock itself.</summary>
    public ref readonly KsockEntry Ksock(in PageEntry entry) => ref _ksocks[entry.Place];

    /// <summary>The traffic of a name.</summary>
    public ref readonly TrafficCounts Traffic(in PageEntry entry) => ref _traffic[entry.Counts];

    /// <summary>The name that a binding is to, or whose traffic it is.</summary>
    public ReadOnlySpan<byte> Name(in PageEntry entry) => _names.AsSpan(entry.Place, entry.Length);

    /// <inheritdoc/>
    public override void Abandon()
    {
        Begin();
        base.Abandon();
    }

    /// <inheritdoc/>
    public override BusWork? Release() => IsAbandoned || IsLast ? null : new PlaceRelease(Place);

    /// <summary>Tells of a Ksock, without what it is bound to and waits for.</summary>
    public void Add(KsockState ksock)
    {
        _ksocks[_ksockCount] = new KsockEntry
        {
            Id = ksock.Id,
            Owner = ksock.Carrier.Owner,
            NetworkId = ksock.NetworkId,
            Queued = ksock.WaitingCount + ksock.SetAside.Count,
            MaxMessages = ksock.MaxMessages,
            QueuedBytes = ksock.WaitingBytes,
            HeldBytes = ksock.HeldBytes,
            Missed = ksock.Missed,
            Outstanding = ksock.Outstanding,
            OnlyOnce = ksock.OnlyOnce,
            IsSending = ksock.Waiting is not null,
            LastSent = ksock.LastSent,
            Traffic = ksock.Counted,
        };
        _entries[_count++] = new PageEntry { Kind = PageEntryKind.Ksock, Place = _ksockCount++ };
    }

    /// <summary>Tells of a binding of the Ksock that was told of last.</summary>
    public void Add(Binding binding)
    {
        ReadOnlySpan<byte> name = binding.Name.Name;
        name.CopyTo(_names.AsSpan(_nameBytes));
        _entries[_count++] = new PageEntry
        {
            Kind = PageEntryKind.Binding,
            Place = _nameBytes,
            Length = name.Length,
            IsSo = binding.IsReplier,
            Order = binding.Order,
        };
        _nameBytes += name.Length;
    }

    /// <summary>Tells of an answer that the Ksock which was told of last is owed.</summary>
    public void Add(ReplyDebt debt) =>
        _entries[_count++] = new PageEntry { Kind = PageEntryKind.Owed, Request = debt.Id, Replier = debt.Replier.Id, IsSo = !debt.IsQueued };

    /// <summary>Tells of the traffic of a name.</summary>
    public void Add(NameTraffic name)
    {
        name.Name.CopyTo(_names.AsSpan(_nameBytes));
        _traffic[_trafficCount] = name.Counts;
        _entries[_count++] = new PageEntry { Kind = PageEntryKind.Name, Place = _nameBytes, Length = name.Name.Length, Counts = _trafficCount++ };
        _nameBytes += name.Name.Length;
    }

    /// <summary>Tells that the Ksock which was told of last has closed.</summary>
    public void AddClosed() => _entries[_count++] = new PageEntry { Kind = PageEntryKind.Closed };

    /// <inheritdoc/>
    protected override void Fill(BusThread bus)
    {
        Begin();
        IsFirst = Place.Pages++ == 0;
        if (IsFirst)
        {
            Describe(bus);
            Place.Enter(bus.Bus);
        }

        int looks = 0;
        ulong end = bus.Bus.Steps + MostSteps;
        bool isMore = true;
        while (isMore && _count < MostEntries && _nameBytes + MessageName.MaxLength <= MostNameBytes && ++looks <= MostLooks && bus.Bus.Steps < end)
        {
            isMore = Place.TellNext(bus.Bus, this);
        }

        IsLast = !isMore;
        bus.Carried(looks, _nameBytes);
    }

    private void Begin()
    {
        (_count, _ksockCount, _nameBytes, _trafficCount) = (0, 0, 0, 0);
        (IsFirst, IsLast, IsAbandoned) = (false, false, false);
    }

    private void Describe(BusThread thread)
    {
        Bus bus = thread.Bus;
        _bus = new BusEntry
        {
            MaxMessageSize = bus.MaxMessageSize,
            AbsoluteMaxMessageSize = bus.AbsoluteMaxMessageSize,
            IsVerbose = bus.IsVerbose,
            ReportsBinds = bus.ReportsBinds,
            SetAsideEvents = bus.SetAsideCount,
            IsLosingEvents = bus.IsLosingEvents,
            AnswersOwed = bus.AnswersOwed,
            Bindings = bus.BindingCount,
            Traffic = bus.Traffic,
            OtherNames = bus.Names.Others.Counts,
            WakeUps = thread.WakeUps,
            Watchers = thread.WatcherCount,
        };
    }
}

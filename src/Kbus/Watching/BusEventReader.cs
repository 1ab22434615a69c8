using Kbus.Core;
using Kbus.Link;

namespace Kbus.Watching;

/// <summary>Makes events out of the records in a watcher's ring.</summary>
internal static class BusEventReader
{
    private static readonly string[] Settings = ["MAXMSGS", "NUMMSGS", "UNREPLIEDTO", "MSGONLYONCE", "VERBOSE", "REPORTREPLIERBINDS", "MAXMSGSIZE", "NETWORKID"];
    private static readonly string[] Kinds = ["bindings", "bytes of names", "Requests", "bytes of messages", "Ksocks", "buses"];
    private static readonly string[] Levels = ["Ksock", "process", "user"];

    /// <summary>Reads a record.</summary>
    /// <param name="kind">What it tells of.</param>
    /// <param name="record">Its bytes.</param>
    /// <param name="clock">What the wall clock says at a moment of the monotonic clock.</param>
    /// <param name="withData">False to leave the data of messages out.</param>
    /// <returns>The event; null for a record that this release does not know, or that makes no sense.</returns>
    public static BusEvent? Read(uint kind, ReadOnlySpan<byte> record, in WallClock clock, bool withData = true)
    {
        if (!WatchWire.TryRead(ref record, out WatchHead head))
        {
            return null;
        }

        DateTimeOffset time = clock.At(head.Time);
        return (WatchRecordKind)kind switch
        {
            WatchRecordKind.Message => ReadMessage(head, time, record, withData),
            WatchRecordKind.Opened or WatchRecordKind.PresentKsock => ReadOpened(head, time, record, kind == (uint)WatchRecordKind.PresentKsock),
            WatchRecordKind.Bound or WatchRecordKind.Unbound or WatchRecordKind.PresentBinding => ReadBinding(head, time, record, (WatchRecordKind)kind),
            WatchRecordKind.PresentEnd => new SnapshotEndEvent { Number = head.Number, Monotonic = Moment(head), Time = time },
            _ => WatchWire.TryRead(ref record, out WatchDetail detail) ? ReadDetail((WatchRecordKind)kind, head, time, detail) : null,
        };
    }

    private static TimeSpan Moment(in WatchHead head) => TimeSpan.FromTicks(head.Time / TimeSpan.NanosecondsPerTick);

    private static MessageEvent? ReadMessage(in WatchHead head, DateTimeOffset time, ReadOnlySpan<byte> rest, bool withData)
    {
        if (!WatchWire.TryRead(ref rest, out WatchMessage told) || told.Recipients > (uint)rest.Length / WatchRecipient.Size)
        {
            return null;
        }

        var recipients = new MessageRecipient[told.Recipients];
        for (int i = 0; i < recipients.Length; i++)
        {
            _ = WatchWire.TryRead(ref rest, out WatchRecipient recipient);
            recipients[i] = new MessageRecipient(recipient.Ksock, (RecipientFate)recipient.Fate);
        }

        MessageHeader header = told.Header;
        if (!WatchWire.TryRead(ref rest, header.NameLength, out ReadOnlySpan<byte> name) || !WatchWire.TryRead(ref rest, told.DataBytes, out ReadOnlySpan<byte> data))
        {
            return null;
        }

        return new MessageEvent
        {
            Number = head.Number,
            Monotonic = Moment(head),
            Time = time,
            Ksock = head.Ksock,
            Outcome = (Errno)head.Outcome,
            Message = Message.Read(header, name, withData ? data : default),
            DataLength = header.DataLength,
            EntireLength = header.EntireLength,
            Recipients = recipients,
            RecipientCount = (int)told.RecipientCount,
        };
    }

    private static KsockOpenedEvent? ReadOpened(in WatchHead head, DateTimeOffset time, ReadOnlySpan<byte> rest, bool wasPresent) =>
        WatchWire.TryRead(ref rest, out WatchKsock ksock)
            ? new KsockOpenedEvent
            {
                Number = head.Number,
                Monotonic = Moment(head),
                Time = time,
                Ksock = head.Ksock,
                WasPresent = wasPresent,
                ProcessId = ksock.ProcessId,
                UserId = ksock.UserId,
                Mode = (KsockMode)ksock.Mode,
                NetworkId = ksock.NetworkId,
            }
            : null;

    private static BindingEvent? ReadBinding(in WatchHead head, DateTimeOffset time, ReadOnlySpan<byte> rest, WatchRecordKind kind) =>
        WatchWire.TryRead(ref rest, out WatchName binding) && WatchWire.TryRead(ref rest, binding.Length, out ReadOnlySpan<byte> name)
            ? new BindingEvent
            {
                Number = head.Number,
                Monotonic = Moment(head),
                Time = time,
                Ksock = head.Ksock,
                Outcome = (Errno)head.Outcome,
                IsBind = kind != WatchRecordKind.Unbound,
                WasPresent = kind == WatchRecordKind.PresentBinding,
                Name = PrintableText.Of(name),
                IsReplier = (binding.Flags & WatchName.Replier) != 0,
                IsRevoked = (binding.Flags & WatchName.Revoked) != 0,
            }
            : null;

    private static BusEvent? ReadDetail(WatchRecordKind kind, in WatchHead head, DateTimeOffset time, in WatchDetail detail)
    {
        (ulong first, ulong second) = detail;
        return kind switch
        {
            WatchRecordKind.Closed => new KsockClosedEvent
            {
                Number = head.Number,
                Monotonic = Moment(head),
                Time = time,
                Ksock = head.Ksock,
                End = (KsockEnd)first,
            },
            WatchRecordKind.Set => new SettingEvent
            {
                Number = head.Number,
                Monotonic = Moment(head),
                Time = time,
                Ksock = head.Ksock,
                Outcome = (Errno)head.Outcome,
                Setting = Word(Settings, first),
                Value = (uint)second,
            },
            WatchRecordKind.Limit => new LimitEvent
            {
                Number = head.Number,
                Monotonic = Moment(head),
                Time = time,
                Ksock = head.Ksock,
                Outcome = (Errno)head.Outcome,
                What = Word(Kinds, first & 0xFF),
                Whose = Word(Levels, first >> 8),
                Share = (long)second,
            },
            WatchRecordKind.Lost => new EventsLostEvent { Number = head.Number, Count = first },
            _ => null,
        };
    }

    private static string Word(string[] words, ulong place) => place < (ulong)words.Length ? words[place] : $"{place}";
}

using System.Runtime.CompilerServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The watchers of one bus. Writes each event into the ring of each of them.</summary>
/// <remarks>
/// The bus's thread pays for copying: the record has a bounded size, and there is a bounded number of watchers. It waits for nobody, and makes a
/// system call for sleeping watchers a thousand times a second at most, or when it goes to sleep itself.
/// </remarks>
/// <param name="thread">The bus.</param>
internal sealed class BusWatchers(BusThread thread) : BusObserver
{
    /// <summary>The watchers of a bus, at most.</summary>
    public const int Most = 16;

    /// <summary>The watchers of one user on a bus, at most.</summary>
    public const int MostOfUser = 8;

    private readonly List<Watcher> _all = [];
    private ulong _number;

    /// <summary>All of them.</summary>
    public IReadOnlyList<Watcher> All => _all;

    /// <summary>True if something was written since the last <see cref="Ring"/>.</summary>
    public bool HasNews { get; private set; }

    /// <summary>The number of the last event.</summary>
    public ulong LastNumber => _number;

    /// <summary>One more.</summary>
    public void Add(Watcher watcher) => _all.Add(watcher);

    /// <summary>One less.</summary>
    public void Remove(Watcher watcher) => _all.Remove(watcher);

    /// <summary>Lets the processes see what was written.</summary>
    public void Publish()
    {
        foreach (Watcher watcher in _all)
        {
            watcher.Publish();
        }
    }

    /// <summary>Rings those that sleep.</summary>
    public void Ring()
    {
        HasNews = false;
        Publish();
        Fence.Full();
        foreach (Watcher watcher in _all)
        {
            watcher.Ring();
        }
    }

    /// <summary>Tells one watcher of a Ksock that was open before it came.</summary>
    public bool TryTellPresent(Watcher watcher, KsockState ksock)
    {
        HasNews = true;
        return TryWrite(watcher, WatchRecordKind.PresentKsock, Head(ksock, Errno.None), Of(ksock));
    }

    /// <summary>Tells one watcher of a binding that was there before it came.</summary>
    public bool TryTellPresent(Watcher watcher, Binding binding) =>
        TryWrite(watcher, WatchRecordKind.PresentBinding, Head(binding.Ksock, Errno.None), binding.Name.Name, binding.IsReplier ? WatchName.Replier : 0);

    /// <summary>Tells one watcher that it knows all that was there before it came.</summary>
    public void TellPresentEnd(Watcher watcher)
    {
        if (watcher.TryAppend(_number, WatchRecordKind.PresentEnd, WatchHead.Size, out Span<byte> rest))
        {
            WatchWire.Write(ref rest, new WatchHead(_number, thread.Now(), 0, 0));
        }

        HasNews = true;
    }

    /// <inheritdoc/>
    public override void Opened(KsockState ksock) => Write(WatchRecordKind.Opened, Next(ksock, Errno.None), Of(ksock));

    /// <inheritdoc/>
    public override void Closing(KsockState ksock)
    {
        WatchEnd end = WatchEnd.Closed;
        LinkFault fault = LinkFault.None;
        if (ksock.Carrier.Host is Session session)
        {
            end = session.HowItEnds;
            fault = session.Fault;
        }

        Write(WatchRecordKind.Closed, Next(ksock, Errno.None), new WatchDetail((ulong)end, (ulong)fault));
    }

    /// <inheritdoc/>
    public override void Bound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, Errno outcome) =>
        Write(WatchRecordKind.Bound, Next(ksock, outcome), name, isReplier ? WatchName.Replier : 0);

    /// <inheritdoc/>
    public override void Unbound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, bool isRevoked, Errno outcome) =>
        Write(WatchRecordKind.Unbound, Next(ksock, outcome), name, (isReplier ? WatchName.Replier : 0) | (isRevoked ? WatchName.Revoked : 0));

    /// <inheritdoc/>
    public override void Set(KsockState ksock, Setting setting, uint value, Errno outcome) =>
        Write(WatchRecordKind.Set, Next(ksock, outcome), new WatchDetail((ulong)setting, value));

    /// <inheritdoc/>
    public override void LimitReached(KsockState ksock, QuotaRefusal refusal) =>
        Write(WatchRecordKind.Limit, Next(ksock, Errno.EDQUOT), new WatchDetail(refusal.Word, (ulong)Math.Max(0, refusal.Limit)));

    /// <inheritdoc/>
    public override void Message(in WatchedMessage message)
    {
        WatchHead head = Next(message.Sender, message.Outcome);
        ReadOnlySpan<byte> name = message.Message.Name;
        int data = (int)message.Message.Header.DataLength;
        int length = WatchHead.Size + WatchMessage.Size + (message.Copies.Length * WatchRecipient.Size) + WatchWire.Padded(name.Length);
        foreach (Watcher watcher in _all)
        {
            int told = Math.Min(data, watcher.MostData);
            if (!watcher.TryAppend(head.Number, WatchRecordKind.Message, length + WatchWire.Padded(told), out Span<byte> rest))
            {
                continue;
            }

            thread.Carried(1, length + told);
            WatchWire.Write(ref rest, head);
            WatchWire.Write(ref rest, new WatchMessage
            {
                Header = message.Message.Header,
                RecipientCount = (uint)message.CopyCount,
                Recipients = (uint)message.Copies.Length,
                DataBytes = (uint)told,
            });
            foreach (WatchedCopy copy in message.Copies)
            {
                WatchWire.Write(ref rest, new WatchRecipient(copy.Ksock, (uint)copy.Fate));
            }

            WatchWire.Write(ref rest, name);
            WatchWire.Write(ref rest, told > 0 ? message.Message.Data[..told] : default);
        }
    }

    private static WatchKsock Of(KsockState ksock)
    {
        KsockOwner owner = ksock.Carrier.Owner;
        return new WatchKsock(owner.ProcessId, owner.UserId, (uint)owner.Mode, ksock.NetworkId);
    }

    private WatchHead Head(KsockState? ksock, Errno outcome) => new(_number, thread.Now(), ksock?.Id ?? 0, (int)outcome);

    private WatchHead Next(KsockState? ksock, Errno outcome)
    {
        _number++;
        HasNews = true;
        return Head(ksock, outcome);
    }

    private void Write<T>(WatchRecordKind kind, in WatchHead head, T body)
        where T : unmanaged
    {
        foreach (Watcher watcher in _all)
        {
            _ = TryWrite(watcher, kind, head, body);
        }
    }

    private void Write(WatchRecordKind kind, in WatchHead head, ReadOnlySpan<byte> name, uint flags)
    {
        foreach (Watcher watcher in _all)
        {
            _ = TryWrite(watcher, kind, head, name, flags);
        }
    }

    private bool TryWrite<T>(Watcher watcher, WatchRecordKind kind, in WatchHead head, T body)
        where T : unmanaged
    {
        int length = WatchHead.Size + Unsafe.SizeOf<T>();
        if (!watcher.TryAppend(head.Number, kind, length, out Span<byte> rest))
        {
            return false;
        }

        thread.Carried(1, 0);
        WatchWire.Write(ref rest, head);
        WatchWire.Write(ref rest, body);
        return true;
    }

    private bool TryWrite(Watcher watcher, WatchRecordKind kind, in WatchHead head, ReadOnlySpan<byte> name, uint flags)
    {
        // What is refused may have any length.
        name = name[..Math.Min(name.Length, MessageName.MaxLength + 1)];
        int length = WatchHead.Size + WatchName.Size + WatchWire.Padded(name.Length);
        if (!watcher.TryAppend(head.Number, kind, length, out Span<byte> rest))
        {
            return false;
        }

        thread.Carried(1, 0);
        WatchWire.Write(ref rest, head);
        WatchWire.Write(ref rest, new WatchName(flags, (uint)name.Length));
        WatchWire.Write(ref rest, name);
        return true;
    }
}

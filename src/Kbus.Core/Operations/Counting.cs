using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Core;

// What operations did, counted and told to whoever watches. Nothing here changes what an operation does.
internal sealed partial class Bus
{
    /// <summary>Recipients of one message that an observer is told of one by one, at most. Of the others it is told the number.</summary>
    public const int MostWatchedCopies = 1000;

    private readonly List<WatchedCopy> _copies = [];
    private int _copyCount;
    private TrafficCounts _traffic;

    /// <summary>Is told everything that happens; null if nobody watches.</summary>
    public BusObserver? Observer { get; set; }

    /// <summary>The counts of the whole bus.</summary>
    public ref readonly TrafficCounts Traffic => ref _traffic;

    /// <summary>The names whose traffic is counted.</summary>
    public CountedNames Names => _bindings.Traffic;

    /// <summary>A host has refused to send a message before the bus was asked: it is counted and told like a refusal of the bus.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message, which stays the caller's.</param>
    /// <param name="error">The reason.</param>
    public void RecordRefusal(KsockState sender, StoredMessage message, Errno error) =>
        Refused(sender, message, MessageName.IsSendable(message.Name) ? _bindings.RouteOf(message.Name) : null, error, full: null);

    /// <summary>A host has refused a binding before the bus was asked.</summary>
    public void RecordRefusedBind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, Errno error) =>
        Observer?.Bound(ksock, name, isReplier, error);

    /// <summary>Counts copies of one message that were put into queues. Each queue counts its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountCopies(StoredMessage message, int copies)
    {
        _traffic.Delivered += (uint)copies;
        _traffic.DeliveredBytes += (ulong)(uint)copies * (uint)message.EntireLength;
    }

    /// <summary>A listener without room misses a copy.</summary>
    private void Miss(KsockState ksock)
    {
        ksock.Miss();
        _traffic.Missed++;
        NoteCopy(ksock, CopyFate.Missed);
    }

    /// <summary>A member's message has been sent.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message.</param>
    /// <param name="route">Its route.</param>
    /// <param name="delivered">The copies on the bus before it was delivered.</param>
    /// <param name="missed">The missed copies before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Sent(KsockState sender, StoredMessage message, Route route, ulong delivered, ulong missed)
    {
        NameTraffic name = _bindings.Traffic.Of(route);
        ulong length = (uint)message.EntireLength;
        ulong copies = _traffic.Delivered - delivered;
        _traffic.Sent++;
        _traffic.SentBytes += length;
        sender.Traffic.Sent++;
        sender.Traffic.SentBytes += length;
        name.Counts.Sent++;
        name.Counts.SentBytes += length;
        name.Counts.Delivered += copies;
        name.Counts.DeliveredBytes += copies * length;
        name.Counts.Missed += _traffic.Missed - missed;
        if (Observer is not null)
        {
            Tell(sender, message, Errno.None);
        }
    }

    /// <summary>A member's message has not been sent.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message.</param>
    /// <param name="route">Its route; null if no message may have its name.</param>
    /// <param name="error">EAGAIN if it waits, otherwise why it was refused.</param>
    /// <param name="full">The recipient that had no room.</param>
    private void NotSent(KsockState sender, StoredMessage message, Route? route, Errno error, KsockState? full)
    {
        full = error switch
        {
            Errno.EBUSY or Errno.EAGAIN => full,
            Errno.ENOLCK => sender,
            _ => null,
        };
        if (error == Errno.EAGAIN)
        {
            Halted(sender, message, error, full);
        }
        else
        {
            Refused(sender, message, route, error, full);
        }
    }

    /// <summary>A message waits no more. If it could not be sent, it was refused.</summary>
    private void GivenUp(KsockState sender, Errno error, KsockState? full)
    {
        if (error != Errno.None)
        {
            StoredMessage message = sender.Waiting!;
            NotSent(sender, message, _bindings.RouteOf(message.Name), error, full);
        }
    }

    /// <summary>A member's message has been refused.</summary>
    /// <param name="sender">The sending Ksock.</param>
    /// <param name="message">The message.</param>
    /// <param name="route">Its route; null if no message may have its name.</param>
    /// <param name="error">The reason.</param>
    /// <param name="full">The recipient that has no room, if that is the reason.</param>
    private void Refused(KsockState sender, StoredMessage message, Route? route, Errno error, KsockState? full)
    {
        _traffic.Refused.Add(error);
        sender.Traffic.Refused.Add(error);
        (route is null ? _bindings.Traffic.Others : _bindings.Traffic.Of(route)).Counts.Refused.Add(error);
        Halted(sender, message, error, full);
    }

    /// <summary>A member's message has not been sent: it waits, or was refused.</summary>
    private void Halted(KsockState sender, StoredMessage message, Errno error, KsockState? full)
    {
        if (Observer is not null)
        {
            if (full is not null)
            {
                NoteCopy(full, CopyFate.NoRoom);
            }

            Tell(sender, message, error);
        }
    }

    /// <summary>A Request was queued for its replier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountRequest(KsockState sender, ReplyDebt debt, Route route)
    {
        NameTraffic name = _bindings.Traffic.Of(route);
        debt.Traffic = name;
        name.Counts.Requests++;
        sender.Traffic.Requests++;
        _traffic.Requests++;
    }

    /// <summary>A Reply is about to strike a debt.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountReply(KsockState replier, ReplyDebt debt)
    {
        TrafficOf(debt).Counts.Replies++;
        replier.Traffic.Replies++;
        _traffic.Replies++;
    }

    private void CountStatus(KsockState requester, NameTraffic name, StatusKind kind)
    {
        name.Counts.Statuses[(int)kind]++;
        requester.Traffic.Statuses[(int)kind]++;
        _traffic.Statuses[(int)kind]++;
    }

    private NameTraffic TrafficOf(ReplyDebt debt) => debt.Traffic is { IsFolded: false } traffic ? traffic : _bindings.Traffic.Others;

    /// <summary>An observer will be told of this recipient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteCopy(KsockState ksock, CopyFate fate)
    {
        if (Observer is not null)
        {
            KeepCopy(ksock, fate);
        }
    }

    private void KeepCopy(KsockState ksock, CopyFate fate)
    {
        _copyCount++;
        if (_copies.Count < MostWatchedCopies)
        {
            _copies.Add(new WatchedCopy(ksock.Id, fate));
        }
    }

    /// <summary>Tells the observer of a message, with the copies that were noted since the last one.</summary>
    private void Tell(KsockState? sender, StoredMessage message, Errno outcome)
    {
        Observer!.Message(new WatchedMessage
        {
            Sender = sender,
            Message = message,
            Outcome = outcome,
            Copies = CollectionsMarshal.AsSpan(_copies),
            CopyCount = _copyCount,
        });
        _copies.Clear();
        _copyCount = 0;
    }

    /// <summary>Tells the observer of a message that the bus has made.</summary>
    private void TellMade(StoredMessage message)
    {
        if (Observer is not null)
        {
            Tell(sender: null, message, Errno.None);
        }
    }
}

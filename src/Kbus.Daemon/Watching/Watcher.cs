using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The bus's side of one watcher: a ring of its own, into which events are copied.</summary>
/// <remarks>
/// What does not fit is lost to this watcher alone. It is counted, and the count stands in the ring where the events would have stood. Nothing
/// waits for it. Only the bus's thread uses it, or a guest inside the gate.
/// </remarks>
internal sealed class Watcher : IDisposable
{
    private readonly SharedMemory _memory;
    private readonly Descriptor _socket;
    private readonly DeliveryProducer _ring;
    private readonly BusDoorbell _doorbell;
    private readonly KsockShare _share;
    private ulong _firstLost;
    private ulong _lost;
    private ulong _lostInAll;

    /// <summary>Takes over a connection that has been accepted.</summary>
    public Watcher(WatchRequest request, ulong token)
    {
        _memory = request.Memory;
        _socket = request.Socket;
        _share = request.Share;
        Peer = request.Peer;
        Identity = request.Identity;
        MostData = request.WithData ? WatchWire.MostData : 0;
        Token = token;
        _ring = new DeliveryProducer(_memory);
        _doorbell = new BusDoorbell(_memory, _socket);
    }

    /// <summary>The token by which the event loop finds it.</summary>
    public ulong Token { get; }

    /// <summary>The process and its user, as the kernel reports them.</summary>
    public PeerCredentials Peer { get; }

    /// <summary>Who watches, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; }

    /// <summary>Bytes of one message's data that it gets, at most.</summary>
    public int MostData { get; }

    /// <summary>True if the process wrote nonsense into the shared memory.</summary>
    public bool HasFailed => _ring.Fault != LinkFault.None;

    /// <summary>Room for the record of an event. False if it is lost.</summary>
    /// <param name="number">The event's number.</param>
    /// <param name="kind">What the record tells of.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="record">Where to write them.</param>
    public bool TryAppend(ulong number, WatchRecordKind kind, int length, out Span<byte> record)
    {
        record = default;
        if ((_lost == 0 || TryTellLost(length)) && _ring.TryAppend(length, (uint)kind, out record))
        {
            return true;
        }

        if (_lost++ == 0)
        {
            _firstLost = number;
        }

        Volatile.Write(ref _memory.Header.EventsLost, ++_lostInAll);
        return false;
    }

    /// <summary>Lets the process see what was appended.</summary>
    public void Publish() => _ring.Publish();

    /// <summary>Rings the process if it sleeps. The caller has made a full fence since the last <see cref="Publish"/>.</summary>
    public void Ring() => _doorbell.RingIfWantedAfterFence(LinkNews.Delivery);

    /// <summary>Hangs up. What was published can still be read.</summary>
    public void Dispose()
    {
        _ring.SetFlags(DeliveryFlags.Ended);
        _socket.Dispose();
        _memory.Dispose();
        _share.Dispose();
    }

    /// <summary>Tells of the lost events, if there is also room for the event that follows. Otherwise a full ring would end in many such records.</summary>
    private bool TryTellLost(int following)
    {
        const int length = WatchHead.Size + WatchDetail.Size;
        if (!_ring.TryObserve(out _) || !_ring.HasRoomFor(2, Math.Max(length, following)) || !_ring.TryAppend(length, (uint)WatchRecordKind.Lost, out Span<byte> rest))
        {
            return false;
        }

        WatchWire.Write(ref rest, new WatchHead(_firstLost, 0, 0, 0));
        WatchWire.Write(ref rest, new WatchDetail(_lost, 0));
        _lost = 0;
        return true;
    }
}

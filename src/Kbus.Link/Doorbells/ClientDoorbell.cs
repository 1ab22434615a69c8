namespace Kbus.Link;

/// <summary>The client's side of its doorbell: the link's socket, readable when the bus has rung or has gone.</summary>
/// <remarks>
/// To sleep without missing anything: <see cref="Drain"/>, <see cref="Arm"/>, look for news, and only if there are none
/// <see cref="Wait"/>. Draining after arming could swallow the very ring that was asked for. One thread at a time drains and waits.
/// </remarks>
internal sealed class ClientDoorbell(SharedMemory memory, Descriptor socket)
{
    private readonly SharedMemory _memory = memory;
    private readonly Descriptor _socket = socket;

    /// <summary>Whether the bus has hung up.</summary>
    public bool IsBusGone => PeerSocket.HasHungUp(_socket.Number);

    /// <summary>Asks to be rung for these news, beside those asked for before. Look for news after it, before sleeping.</summary>
    public void Arm(LinkNews news)
    {
        Interlocked.Or(ref _memory.Header.ClientWants, (uint)news);

        // The pair of the fence in BusDoorbell.RingIfWanted.
        Fence.AfterInterlocked();
    }

    /// <summary>Asks to be rung for nothing more. A ring may be on its way already.</summary>
    public void Disarm() => Interlocked.Exchange(ref _memory.Header.ClientWants, 0);

    /// <summary>Swallows all rings so far. False when the bus has hung up.</summary>
    public bool Drain()
    {
        Span<byte> rings = stackalloc byte[64];
        while (true)
        {
            int received = LibC.Receive(_socket.Number, rings, LibC.MessageDontWait);
            if (received < rings.Length)
            {
                return received > 0 || received == LibC.Again;
            }
        }
    }

    /// <summary>Sleeps until the bus rings; the ring stays until it is drained.</summary>
    public WaitOutcome Wait(Deadline deadline)
    {
        int reported = LibC.Poll(_socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline);
        if (reported == 0)
        {
            return WaitOutcome.TimedOut;
        }

        return reported < 0 || (reported & PeerSocket.Gone) != 0 ? WaitOutcome.BusDied : WaitOutcome.Happened;
    }
}

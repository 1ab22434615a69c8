using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The client's side of its doorbell: the link's socket, readable when the bus has rung or has gone.</summary>
/// <remarks>
/// <para>To sleep without missing anything: <see cref="Drain"/>, <see cref="Arm"/>, look for news, and only if there are none
/// <see cref="Wait"/>. Draining after arming could swallow the very ring that was asked for. One thread at a time drains and waits.</para>
/// <para>A client that must know at every moment whether a ring is in its socket keeps account instead: it says what it wants by
/// <see cref="ArmCounted"/> and <see cref="DisarmCounted"/> alone. Each of them finds out whether the bus has rung for what was wanted
/// before, since the bus takes that wish away in the same step in which it decides to ring.</para>
/// </remarks>
internal sealed class ClientDoorbell(SharedMemory memory, Descriptor socket)
{
    /// <summary>Marks the word of a client that keeps account: it wants no ring for deliveries that it has taken already.</summary>
    internal const uint Counted = 16;

    // Counted up with each wish, so that the bus cannot take a new one for an old one.
    private const uint Generation = 32;

    private readonly SharedMemory _memory = memory;
    private readonly Descriptor _socket = socket;
    private int _sent;
    private int _heard;

    /// <summary>Whether the bus has ended the link or hung up.</summary>
    public bool IsBusGone => HasEnded || PeerSocket.HasHungUp(_socket.Number);

    /// <summary>Whether the bus has said that it has ended the link, which it does although somebody in this process closed the socket.</summary>
    public bool HasEnded => ((DeliveryFlags)Volatile.Read(ref _memory.Header.DeliveryFlagsWord()) & DeliveryFlags.Ended) != 0;

    /// <summary>Sleeps until the bus has hung up, whatever it rings for. False if it has not.</summary>
    /// <param name="deadline">How long at most.</param>
    /// <param name="isInterrupted">Whether a signal handler has run in this thread, which ends the sleep.</param>
    public bool BusGoes(Deadline deadline, out bool isInterrupted)
    {
        isInterrupted = false;
        if (HasEnded || !_socket.IsOurs)
        {
            return true;
        }

        int reported = LibC.Poll(_socket.Number, LibC.PollPeerClosed, deadline.Nanoseconds);
        isInterrupted = reported == LibC.Interrupted;
        return !isInterrupted && (reported < 0 || (reported & PeerSocket.Gone) != 0);
    }

    /// <summary>Rings that are in the socket or will be there at once, for a client that keeps account.</summary>
    public int RingsOwed
    {
        get
        {
            if ((Volatile.Read(ref _memory.Header.ClientWants) & (Counted | (uint)LinkNews.All)) == Counted)
            {
                DisarmCounted(LinkNews.None);
            }

            return Volatile.Read(ref _sent) + Volatile.Read(ref _memory.Header.AreasSent) - Volatile.Read(ref _heard);
        }
    }

    /// <summary>Asks to be rung for these news, beside those asked for before. Look for news after it, before sleeping.</summary>
    public void Arm(LinkNews news)
    {
        Interlocked.Or(ref _memory.Header.ClientWants, (uint)news);

        // The pair of the fence in BusDoorbell.RingIfWanted.
        Fence.AfterInterlocked();
    }

    /// <summary>Asks to be rung for nothing more. A ring may be on its way already.</summary>
    public void Disarm() => Interlocked.Exchange(ref _memory.Header.ClientWants, 0);

    /// <summary>As <see cref="Arm"/>, keeping account; deliveries that were taken before this are no reason to ring any more.</summary>
    public void ArmCounted(LinkNews news) => Change(LinkNews.All, news);

    /// <summary>Asks not to be rung for these news any more; what the bus has rung before this counts as owed.</summary>
    public void DisarmCounted(LinkNews news)
    {
        uint word = Volatile.Read(ref _memory.Header.ClientWants);
        if ((word & (uint)news) != 0 || (word & (Counted | (uint)LinkNews.All)) == Counted)
        {
            Change(~news, LinkNews.None);
        }
    }

    /// <summary>Whether the bus is asked to ring for these news, and has not done so.</summary>
    public bool IsArmed(LinkNews news) => (Volatile.Read(ref _memory.Header.ClientWants) & (uint)news) == (uint)news;

    /// <summary>The bus is about to be asked for a ring by a command.</summary>
    public void NoteAsked() => Interlocked.Increment(ref _sent);

    /// <summary>So many rings were received.</summary>
    public void NoteHeard(int rings) => Interlocked.Add(ref _heard, rings);

    /// <summary>Begins the account: nothing is asked for, and no ring is in the socket or on its way.</summary>
    public void BeginAccount() => Volatile.Write(ref _heard, Volatile.Read(ref _sent) + Volatile.Read(ref _memory.Header.AreasSent));

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

    /// <summary>Changes what is asked for; what was asked for and is asked for no more, though nobody here took it back, was rung for.</summary>
    private void Change(LinkNews kept, LinkNews added)
    {
        ref uint wants = ref _memory.Header.ClientWants;
        while (true)
        {
            uint word = Volatile.Read(ref wants);
            uint asked = (word & (uint)kept & (uint)LinkNews.All) | (uint)added;
            uint next = (word & ~(Generation - 1)) + Generation + (asked == 0 ? 0 : asked | Counted);
            if (Interlocked.CompareExchange(ref wants, next, word) == word)
            {
                // The pair of the fence in BusDoorbell.RingIfWanted.
                Fence.AfterInterlocked();
                if ((word & (Counted | (uint)LinkNews.All)) == Counted)
                {
                    Interlocked.Increment(ref _sent);
                }

                return;
            }
        }
    }
}

using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The bus's side of a client's doorbell: one byte on the bus's own end of the link's socket.</summary>
/// <remarks>
/// The bus's thread calls. The bus never reads or writes a descriptor whose open file the client shares, and never blocks: a socket that
/// is full rings anyway.
/// </remarks>
internal sealed class BusDoorbell(SharedMemory memory, Descriptor socket)
{
    // A client that changes its word again and again is rung without its consent.
    private const int MostTries = 8;

    private readonly SharedMemory _memory = memory;
    private readonly Descriptor _socket = socket;

    /// <summary>After publishing: rings if the client wants to be rung for any of these news. Whether it rang.</summary>
    public bool RingIfWanted(LinkNews news)
    {
        // We published and now look at what the client wants; the client says what it wants and then looks for news (ClientDoorbell.Arm,
        // the pair of this fence). At least one of the two sees the other's word.
        Fence.Full();
        return RingIfWantedAfterFence(news);
    }

    /// <summary>As <see cref="RingIfWanted"/>, when the caller has made a full fence since it published last.</summary>
    /// <param name="news">The news.</param>
    /// <param name="deliveries">The deliveries that are the news, if so: a client that keeps account is not rung when it has taken all.</param>
    public bool RingIfWantedAfterFence(LinkNews news, DeliveryProducer? deliveries = null)
    {
        ref uint wants = ref _memory.Header.ClientWants;
        for (int tries = 0; tries < MostTries; tries++)
        {
            Interleaving.Here();
            uint word = Volatile.Read(ref wants);
            if ((word & (uint)news) == 0)
            {
                return false;
            }

            // Looked at after the word, which the client changes after each take that leaves nothing: if it took all after this look, the
            // exchange fails, or the client finds its wish gone and waits for the ring.
            if ((word & ClientDoorbell.Counted) != 0 && deliveries is { IsAllTaken: true })
            {
                return false;
            }

            // Cleared before the byte goes: a client that wants more from now on says so anew, and gets another byte.
            if (Interlocked.CompareExchange(ref wants, word & ~(uint)LinkNews.All, word) == word)
            {
                return Ring();
            }
        }

        Interlocked.And(ref wants, ~(uint)LinkNews.All);
        return Ring();
    }

    private bool Ring()
    {
        _ = LibC.Send(_socket.Number, [1], LibC.MessageDontWait);
        return true;
    }
}

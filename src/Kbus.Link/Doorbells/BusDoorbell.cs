namespace Kbus.Link;

/// <summary>The bus's side of a client's doorbell: one byte on the bus's own end of the link's socket.</summary>
/// <remarks>
/// The bus's thread calls. The bus never reads or writes a descriptor whose open file the client shares, and never blocks: a socket that
/// is full rings anyway.
/// </remarks>
internal sealed class BusDoorbell(SharedMemory memory, Descriptor socket)
{
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
    public bool RingIfWantedAfterFence(LinkNews news)
    {
        ref uint wants = ref _memory.Header.ClientWants;
        if ((Volatile.Read(ref wants) & (uint)news) == 0)
        {
            return false;
        }

        // Cleared before the byte goes: a client that wants more from now on says so anew, and gets another byte.
        Interlocked.Exchange(ref wants, 0);
        _ = LibC.Send(_socket.Number, [1], LibC.MessageDontWait);
        return true;
    }
}

namespace Kbus.Link;

/// <summary>The words of the header page, each by its name.</summary>
/// <remarks>
/// Only references: who reads or writes a word uses <see cref="Volatile"/> or <see cref="Interlocked"/> on it. The bus takes nothing
/// that it reads here for granted (P8), the client neither.
/// </remarks>
internal readonly unsafe struct LinkHeader(byte* page)
{
    private readonly byte* _page = page;

    /// <summary>What the bus writes once, before the client sees the memory.</summary>
    public ref LinkConstants Constants => ref *(LinkConstants*)(_page + LinkLayout.ConstantsOffset);

    /// <summary>Bytes of commands ever published. The client writes it.</summary>
    public ref ulong CommandTail => ref *(ulong*)(_page + LinkLayout.CommandTailOffset);

    /// <summary>Bytes of commands ever read. The bus writes it.</summary>
    public ref ulong CommandHead => ref *(ulong*)(_page + LinkLayout.CommandHeadOffset);

    /// <summary>Bytes of commands that the bus has begun to read, or is about to. What lies behind them can be withdrawn. The bus writes it.</summary>
    public ref ulong CommandsClaimed => ref *(ulong*)(_page + LinkLayout.CommandHeadOffset + sizeof(ulong));

    /// <summary>Of which news (<see cref="LinkNews"/>) the client wants to be rung. The client sets them, the bus takes them all away when it rings.</summary>
    /// <remarks>The other bits are the client's own (<see cref="ClientDoorbell"/>).</remarks>
    public ref uint ClientWants => ref *(uint*)(_page + LinkLayout.ClientWantsOffset);

    /// <summary>Not zero when somebody sleeps, or is about to, until a command completes. The client sets it, the bus exchanges it to zero.</summary>
    public ref uint CompletionSleeper => ref *(uint*)(_page + LinkLayout.CompletionSleeperOffset);

    /// <summary>Not zero when the bus will not look for commands by itself. The bus sets it, the client exchanges it to zero and rings.</summary>
    public ref uint BusWantsBell => ref *(uint*)(_page + LinkLayout.BusWantsBellOffset);

    /// <summary>The word on which the client sleeps until a command completes. The bus counts it up.</summary>
    public ref uint CompletionFutex => ref *(uint*)(_page + LinkLayout.CompletionFutexOffset);

    /// <summary>The front of the deliveries (<see cref="DeliveryHead"/>). Both sides change it, by compare-and-swap.</summary>
    public ref ulong DeliveryHeadWord(DeliveryLane lane = DeliveryLane.Messages) =>
        ref *(ulong*)(_page + LinkLayout.DeliveryHeadOffset + ((int)lane * LinkLayout.LaneDistance));

    /// <summary>What the client should know when it takes (<see cref="DeliveryFlags"/>). The bus writes it.</summary>
    public ref uint DeliveryFlagsWord(DeliveryLane lane = DeliveryLane.Messages) =>
        ref *(uint*)(_page + LinkLayout.DeliveryFlagsOffset + ((int)lane * LinkLayout.LaneDistance));

    /// <summary>The bus's present limit for one message, in bytes. The bus writes it.</summary>
    public ref uint MaxMessageSize => ref *(uint*)(_page + LinkLayout.DeliveryFlagsOffset + sizeof(uint));

    /// <summary>Why the bus closed this link (<see cref="LinkFault"/>), written before it hangs up.</summary>
    public ref uint Fault => ref *(uint*)(_page + LinkLayout.DeliveryFlagsOffset + (2 * sizeof(uint)));

    /// <summary>How many payload areas the bus has passed on or is just passing on, each with a ring. The bus writes it.</summary>
    public ref int AreasSent => ref *(int*)(_page + LinkLayout.DeliveryFlagsOffset + (3 * sizeof(uint)));

    /// <summary>Of a watcher's memory: how many events did not fit into its ring. The bus writes it.</summary>
    public ref ulong EventsLost => ref *(ulong*)(_page + LinkLayout.DeliveryFlagsOffset + (4 * sizeof(uint)));

    /// <summary>Bytes of deliveries ever published, in the one of two words that the head names. The bus writes it.</summary>
    public ref ulong DeliveryTail(int side, DeliveryLane lane = DeliveryLane.Messages) =>
        ref *(ulong*)(_page + LinkLayout.DeliveryTailsOffset + ((int)lane * LinkLayout.LaneDistance) + (side * sizeof(ulong)));
}

namespace Kbus.Link;

/// <summary>What the bus wants a client to know when it takes a message.</summary>
[Flags]
internal enum DeliveryFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Something waits for room: tell the bus of each take before the call returns.</summary>
    TellTakes = 1,

    /// <summary>The ring is only the front of the queue: an empty ring does not mean an empty queue.</summary>
    MoreBehind = 2,

    /// <summary>The bus has ended this link. Who still takes has its socket closed, or will hear of it there.</summary>
    Ended = 4,
}

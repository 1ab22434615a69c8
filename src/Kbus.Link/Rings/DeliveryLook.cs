namespace Kbus.Link;

/// <summary>What the client found at the front of its deliveries.</summary>
internal enum DeliveryLook
{
    /// <summary>A record.</summary>
    Record,

    /// <summary>Nothing in the ring.</summary>
    Empty,

    /// <summary>A record longer than the room given for it; it stays where it is.</summary>
    TooLong,

    /// <summary>The bus has been rewriting for an unusually long time: look whether it lives, then look again.</summary>
    Busy,

    /// <summary>Nonsense; the consumer's fault says which.</summary>
    Malformed,
}

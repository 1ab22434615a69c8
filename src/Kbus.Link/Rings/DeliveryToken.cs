namespace Kbus.Link;

/// <summary>Which record was looked at, and under which state of the ring.</summary>
/// <param name="Head">The head word at that time.</param>
/// <param name="Units">How far its end is from the head, in units of 8 bytes.</param>
/// <param name="Kind">What its bytes are.</param>
internal readonly record struct DeliveryToken(DeliveryHead Head, uint Units, uint Kind);

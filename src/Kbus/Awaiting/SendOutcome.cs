namespace Kbus;

/// <summary>What the bus has answered to a send.</summary>
/// <param name="Error">None, or why it was not sent; with EAGAIN it waits.</param>
/// <param name="Id">The id, with None and EAGAIN.</param>
public readonly record struct SendOutcome(Errno Error, MessageId Id);

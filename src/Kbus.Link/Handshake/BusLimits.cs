namespace Kbus.Link;

/// <summary>Limits that the bus announces at the handshake.</summary>
/// <param name="DefaultMaxMessages">Messages that a fresh Ksock's queue holds.</param>
/// <param name="MaxMessageSize">The bus's present limit for one message, in bytes.</param>
/// <param name="AbsoluteMaxMessageSize">How far that can be raised.</param>
internal readonly record struct BusLimits(uint DefaultMaxMessages, uint MaxMessageSize, uint AbsoluteMaxMessageSize);

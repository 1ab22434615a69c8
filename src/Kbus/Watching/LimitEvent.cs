namespace Kbus;

/// <summary>Something was refused to a Ksock because its process or user holds as much as it may (EDQUOT).</summary>
public sealed class LimitEvent : BusEvent
{
    internal LimitEvent()
    {
    }

    /// <summary>What is used up: <c>bindings</c>, <c>bytes of names</c>, <c>Requests</c> or <c>bytes of messages</c>.</summary>
    public required string What { get; init; }

    /// <summary>Whose share is used up: <c>Ksock</c>, <c>process</c> or <c>user</c>.</summary>
    public required string Whose { get; init; }

    /// <summary>How great the share is.</summary>
    public long Share { get; init; }
}

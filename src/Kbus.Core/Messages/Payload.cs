namespace Kbus.Core;

/// <summary>Message data that lives outside the message pool, in memory that a host provides (big payloads).</summary>
internal abstract class Payload
{
    /// <summary>The data.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Called once, when no queue needs the data any more.</summary>
    public abstract void Release();
}

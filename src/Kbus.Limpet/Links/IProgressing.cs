namespace Kbus.Limpets;

/// <summary>A stream that reports the progress of a write. So a slow but steady peer is distinguished from one that takes
/// nothing.</summary>
internal interface IProgressing
{
    /// <summary>Called, on any thread, when the peer has taken a part of what is being written; may be null. Set before the first
    /// write.</summary>
    Action? Progressed { get; set; }
}

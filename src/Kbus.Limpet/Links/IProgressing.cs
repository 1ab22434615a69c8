namespace Kbus.Limpets;

/// <summary>A stream that tells how far a write has come: a peer that takes little, but steadily, is not one that takes nothing.</summary>
internal interface IProgressing
{
    /// <summary>Hears, on any thread, that the peer has taken a part of what is being written; null for nobody. Set before the first write.</summary>
    Action? Progressed { get; set; }
}

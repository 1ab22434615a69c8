namespace Kbus.Limpets;

/// <summary>A stream that can be ended in one direction.</summary>
internal interface IFinishing
{
    /// <summary>Signals the end to the peer. What the peer sends can still be read.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    void FinishWriting();
}

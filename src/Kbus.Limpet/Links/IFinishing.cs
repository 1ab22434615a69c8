namespace Kbus.Limpets;

/// <summary>A stream that can be ended in one direction.</summary>
internal interface IFinishing
{
    /// <summary>Tells the peer that no more comes. What it sends can still be read.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    void FinishWriting();
}

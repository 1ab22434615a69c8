namespace Kbus.Hosts;

/// <summary>Reads messages where the bus put them, before they are taken (<see cref="KsockHost.TakeInPlace"/>).</summary>
/// <remarks>Implemented by structures, for each of which the way of a message is compiled as one piece.</remarks>
internal interface IMessageReader
{
    /// <summary>Reads a message, which may be changing meanwhile: then it is not taken, and what was read counts for nothing.</summary>
    /// <param name="entire">What should be its entire form; its lengths are yet to be checked.</param>
    /// <returns>False if it is not to be taken in this way, nor those behind it.</returns>
    bool TryRead(ReadOnlySpan<byte> entire);
}

namespace Kbus.Core;

/// <summary>The memory of the process that wrote a pointy message.</summary>
internal abstract class CallerMemory
{
    /// <summary>Reads bytes at an address of that process.</summary>
    /// <param name="address">Where the bytes begin.</param>
    /// <param name="target">Takes the bytes.</param>
    /// <returns>False if any of them cannot be read (EFAULT).</returns>
    public abstract bool TryRead(ulong address, Span<byte> target);
}

using Kbus.Core;

namespace Kbus.Hosts;

/// <summary>The memory of this process, where pointy messages written at the bare level have their names and data.</summary>
internal sealed class OwnMemory : CallerMemory
{
    public override unsafe bool TryRead(ulong address, Span<byte> target)
    {
        new ReadOnlySpan<byte>((void*)address, target.Length).CopyTo(target);
        return true;
    }
}

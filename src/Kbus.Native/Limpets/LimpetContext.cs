using System.Runtime.InteropServices;
using Kbus.Limpets;

namespace Kbus.Native;

/// <summary>What a C program has as a <c>kbus_limpet_context_t</c>: a block of <c>malloc</c> that stands for this.</summary>
/// <remarks>
/// It is of use only while its Ksock is open in this process. A forked child finds no Ksock, and so touches none of the parent's locks.
/// </remarks>
internal sealed unsafe class LimpetContext
{
    private readonly int _descriptor;
    private readonly OpenKsock _open;

    private LimpetContext(int descriptor, OpenKsock open, BareLimpet limpet)
    {
        _descriptor = descriptor;
        _open = open;
        Limpet = limpet;
    }

    /// <summary>The rules. Only to be called while <see cref="IsOpen"/>.</summary>
    public BareLimpet Limpet { get; }

    /// <summary>Whether its Ksock is still open, and this process's.</summary>
    public bool IsOpen => OpenKsocks.Find(_descriptor) == _open && !_open.Ksock.IsClosed;

    /// <summary>Makes one.</summary>
    /// <param name="descriptor">The Ksock's.</param>
    /// <param name="networkId">The Limpet's own network id.</param>
    /// <param name="peerId">The peer's network id.</param>
    /// <param name="name">The name to listen to.</param>
    /// <param name="block">Takes the block.</param>
    /// <returns>None, EBADF or ENOMEM.</returns>
    /// <exception cref="KbusException">The bus refuses what a Limpet needs.</exception>
    public static Errno Make(int descriptor, uint networkId, uint peerId, string name, out nint* block)
    {
        block = null;
        if (OpenKsocks.Find(descriptor) is not { } open)
        {
            return Errno.EBADF;
        }

        var context = new LimpetContext(descriptor, open, new BareLimpet(open.Ksock, networkId, peerId, name));
        block = (nint*)Making.TryAllocate(sizeof(nint));
        if (block == null)
        {
            context.Limpet.Dispose();
            return Errno.ENOMEM;
        }

        *block = GCHandle.ToIntPtr(GCHandle.Alloc(context));
        return Errno.None;
    }

    /// <summary>What a block stands for.</summary>
    public static LimpetContext Of(nint* block) => (LimpetContext)GCHandle.FromIntPtr(*block).Target!;

    /// <summary>Frees a block and what it stands for.</summary>
    public static void Free(nint* block)
    {
        LimpetContext context = Of(block);
        if (context.IsOpen)
        {
            context.Limpet.Dispose();
        }

        GCHandle.FromIntPtr(*block).Free();
        CallersMemory.Free(block);
    }
}

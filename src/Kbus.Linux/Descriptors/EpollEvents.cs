using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Kbus.Linux;

/// <summary>Room for the events that one wait on an epoll set reports.</summary>
/// <remarks>
/// On x86-64 alone the kernel packs an entry into 12 bytes; everywhere else it takes 16, with the data at offset 8. Unmanaged memory,
/// so that the waiting call need not pin anything.
/// </remarks>
internal sealed unsafe class EpollEvents : IDisposable
{
    /// <summary>The size of an entry on any processor, at most.</summary>
    public const int LargestEntry = 16;

    private byte* _start;

    /// <summary>Room for that many events.</summary>
    public EpollEvents(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        _start = (byte*)NativeMemory.AllocZeroed((nuint)capacity, LargestEntry);
    }

    /// <summary>Gives the memory back if nobody did.</summary>
    ~EpollEvents() => Free();

    /// <summary>How many events one wait can report.</summary>
    public int Capacity { get; }

    /// <summary>Where the kernel writes.</summary>
    internal byte* Start => _start;

    private static int EntrySize => X86Base.IsSupported ? 12 : 16;

    private static int DataOffset => X86Base.IsSupported ? 4 : 8;

    /// <summary>What happened, of event number <paramref name="index"/> of the last wait.</summary>
    public uint Events(int index) => Unsafe.ReadUnaligned<uint>(Entry(index));

    /// <summary>The number its descriptor was registered with.</summary>
    public ulong Data(int index) => Unsafe.ReadUnaligned<ulong>(Entry(index) + DataOffset);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes one entry as this processor's kernel reads it.</summary>
    internal static void Write(byte* entry, uint events, ulong data)
    {
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, data);
    }

    private byte* Entry(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Capacity);
        return _start + (index * EntrySize);
    }

    private void Free()
    {
        NativeMemory.Free(_start);
        _start = null;
    }
}

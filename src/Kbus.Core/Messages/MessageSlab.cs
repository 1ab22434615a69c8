using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>A piece of native memory that holds the buffers of some messages of one size, and these messages.</summary>
/// <remarks>
/// Native, because what members can make grow must not be the garbage collector's: a slab in which no message is lent is given back to
/// the system at once. A holder of a message also holds its slab. A slab without holders frees its memory by itself. Belongs to a
/// <see cref="SlabList"/>.
/// </remarks>
internal sealed unsafe class MessageSlab : IDisposable
{
    private readonly int _bufferSize;
    private readonly StoredMessage[] _free;
    private byte* _memory;
    private int _made;

    /// <summary>Makes a slab for so many messages.</summary>
    public MessageSlab(SlabList list, int bufferSize, int messages)
    {
        List = list;
        _bufferSize = bufferSize;
        _free = new StoredMessage[messages];
        _memory = (byte*)NativeMemory.Alloc((nuint)bufferSize, (nuint)messages);
    }

    /// <summary>Gives the memory back that nobody has given back.</summary>
    ~MessageSlab() => Free();

    /// <summary>The list that it belongs to.</summary>
    public SlabList List { get; }

    /// <summary>Its place among the slabs of its list that have free messages and are not the first choice; -1 if it is none of
    /// them.</summary>
    public int Place { get; set; } = -1;

    /// <summary>The number of messages that came back and can be lent again.</summary>
    public int FreeCount { get; private set; }

    /// <summary>True if all its messages are lent.</summary>
    public bool IsFull => FreeCount == 0 && _made == _free.Length;

    /// <summary>True if none of its messages is lent.</summary>
    public bool IsWhollyFree => FreeCount == _made;

    /// <summary>Lends the message that came back last; there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StoredMessage Lend()
    {
        Debug.Assert(FreeCount > 0, "only what came back is lent again");
        return _free[--FreeCount];
    }

    /// <summary>Lends a message, one that was never lent before if need be; the slab is not full.</summary>
    public StoredMessage LendAny() => FreeCount > 0 ? Lend() : new StoredMessage(this, _memory + ((long)_bufferSize * _made++), _bufferSize);

    /// <summary>Takes a message back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TakeBack(StoredMessage message)
    {
        // Mostly it comes back to the place from which it was lent.
        ref StoredMessage place = ref _free[FreeCount++];
        if (place != message)
        {
            place = message;
        }
    }

    /// <summary>Gives the memory back. No message of it is lent, and none will be.</summary>
    public void Dispose()
    {
        Debug.Assert(IsWhollyFree, "a message that is lent keeps its memory");
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_memory is not null)
        {
            NativeMemory.Free(_memory);
            _memory = null;
        }
    }
}

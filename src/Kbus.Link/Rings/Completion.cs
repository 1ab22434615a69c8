using System.Runtime.CompilerServices;

namespace Kbus.Link;

/// <summary>The result of one command: two whole words, so that it is passed on in registers.</summary>
internal readonly record struct Completion
{
    private readonly ulong _error;

    /// <summary>The completion of a command that returns nothing, or a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Completion(int error, ulong result = 0)
    {
        _error = (ulong)error;
        Result = result;
    }

    /// <summary>The completion of a command that returns a message id.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Completion(int error, MessageId id)
        : this(error, Unsafe.BitCast<MessageId, ulong>(id))
    {
    }

    /// <summary>Zero, or the errno.</summary>
    public int Error => (int)_error;

    /// <summary>What the command returns: a message id, a number, or nothing.</summary>
    public ulong Result { get; }

    /// <summary>The result, of a command that returns a number.</summary>
    public uint Value => (uint)Result;

    /// <summary>The result, of a command that returns a message id.</summary>
    public MessageId Id => Unsafe.BitCast<ulong, MessageId>(Result);
}

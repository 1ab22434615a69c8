using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>Sizes and places inside the entire form of a message. Source: spec sections 3.2 and 3.3.</summary>
internal static class MessageLayout
{
    /// <summary>Bytes in the guard that ends an entire message.</summary>
    public const int FinalGuardLength = sizeof(uint);

    /// <summary>The most that any bus can be told to accept, in bytes of the entire form.</summary>
    public const uint LargestMessage = 64 * 1024 * 1024;

    /// <summary>Bytes of a name with its NUL, padded with zeros to a multiple of 4; at least one byte of padding.</summary>
    public static long PaddedNameLength(uint nameLength) => ((long)nameLength + 4) & ~3L;

    /// <summary>Bytes of data padded with zeros to a multiple of 4; 0 if there is none.</summary>
    public static long PaddedDataLength(uint dataLength) => ((long)dataLength + 3) & ~3L;

    /// <summary>Bytes of the whole entire form, computed in 64 bits so that no length can slip past a limit (D11).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long EntireLength(uint nameLength, uint dataLength) =>
        MessageHeader.Size + PaddedNameLength(nameLength) + PaddedDataLength(dataLength) + FinalGuardLength;

    /// <summary>Where the data begins in an entire message.</summary>
    public static int DataOffset(uint nameLength) => MessageHeader.Size + (int)PaddedNameLength(nameLength);
}

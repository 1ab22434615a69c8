using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Headers as C programs have them, turned between memory and wire. Spec sections 11.3, 12.2.</summary>
internal static unsafe class BareHeader
{
    /// <summary>Writes the sixteen words of the wire.</summary>
    /// <param name="header">The 88 bytes of a header.</param>
    /// <param name="words">Takes the words, in the wire's order.</param>
    public static void Serialise(byte* header, Span<uint> words) =>
        Frame.WriteHeader(MemoryMarshal.AsBytes(words), *(MessageHeader*)header);

    /// <summary>Reads the sixteen words of the wire.</summary>
    /// <param name="words">The words; afterwards they are in this machine's order, which programs read.</param>
    /// <param name="header">Takes the 88 bytes of a header, whose pointers are null.</param>
    public static void Unserialise(Span<uint> words, byte* header)
    {
        MessageHeader read = default;
        Frame.ReadHeader(MemoryMarshal.AsBytes(words), ref read);
        Unsafe.Write(header, read);
        if (BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }

    /// <summary>Turns a bind event's three words between this machine's order and the wire's, either way.</summary>
    public static void TurnBindEvent(Span<byte> data) => Frame.TurnBindEvent(data);
}

using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>The head of a command in the ring; its body follows, padded to 8 bytes.</summary>
/// <param name="Length">Bytes of the record, this head included, the padding not.</param>
/// <param name="Opcode">What is to be done.</param>
/// <param name="Flags">How, depending on the opcode.</param>
/// <param name="Sequence">The client's number for the command, by which its completion is found.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CommandRecord(uint Length, ushort Opcode, ushort Flags, ulong Sequence)
{
    /// <summary>The size of the head.</summary>
    public const int HeaderSize = 16;

    /// <summary>Where the opcode lies in the head.</summary>
    public const int OpcodeOffset = 4;

    /// <summary>Bytes that a record of that length takes up in the ring.</summary>
    public static uint Padded(uint length) => (length + 7) & ~7u;
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>A message on the wire between two Limpets: sixteen 32-bit words, the padded name, the padded data and a guard.</summary>
/// <remarks>
/// All words are big-endian; the guards have the values that they have in a message, so a frame begins with the bytes 73 75 62 4B. There are
/// no pointers. The data travels as it is, but for that of a bind event, whose three words are turned. Source: spec section 12.2.
/// </remarks>
internal static class Frame
{
    /// <summary>Words in a frame's header.</summary>
    public const int HeaderWords = 16;

    /// <summary>Bytes in a frame's header.</summary>
    public const int HeaderLength = HeaderWords * sizeof(uint);

    /// <summary>Words at the start of a header that stand in the same order in memory: from the guard to the length of the data.</summary>
    private const int WordsAlike = 15;

    /// <summary>Where the length of the name stands, in bytes; that of the data follows.</summary>
    private const int NameLengthAt = 13 * sizeof(uint);

    /// <summary>Words at the start of a bind event's data that are turned on the wire: is_bind, binder, name_len.</summary>
    private const int BindEventWords = 3;

    /// <summary>Bytes of the whole frame.</summary>
    public static long Length(uint nameLength, uint dataLength) =>
        HeaderLength + MessageLayout.PaddedNameLength(nameLength) + MessageLayout.PaddedDataLength(dataLength) + MessageLayout.FinalGuardLength;

    /// <summary>Writes a frame.</summary>
    /// <param name="target">Takes it; exactly <see cref="Length"/> bytes.</param>
    /// <param name="header">The message's header; its lengths are not looked at.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="data">The message's data.</param>
    public static void Write(Span<byte> target, in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        WriteHeader(target, header);
        BinaryPrimitives.WriteInt32BigEndian(target[NameLengthAt..], name.Length);
        BinaryPrimitives.WriteInt32BigEndian(target[(NameLengthAt + sizeof(uint))..], data.Length);
        Span<byte> paddedName = target.Slice(HeaderLength, (int)MessageLayout.PaddedNameLength((uint)name.Length));
        name.CopyTo(paddedName);
        paddedName[name.Length..].Clear();
        Span<byte> paddedData = target[(HeaderLength + paddedName.Length)..^MessageLayout.FinalGuardLength];
        data.CopyTo(paddedData);
        paddedData[data.Length..].Clear();
        if (IsBindEvent(name))
        {
            TurnBindEvent(paddedData);
        }

        BinaryPrimitives.WriteUInt32BigEndian(target[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
    }

    /// <summary>Writes the sixteen words of a header.</summary>
    public static void WriteHeader(Span<byte> target, in MessageHeader header)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(target[..HeaderLength]);
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<MessageHeader, uint>(new ReadOnlySpan<MessageHeader>(in header))[..WordsAlike], words);
        words[0] = BinaryPrimitives.ReverseEndianness(MessageHeader.StartGuardValue);
        words[^1] = BinaryPrimitives.ReverseEndianness(MessageHeader.EndGuardValue);
    }

    /// <summary>Reads the sixteen words of a header, guards included as they are.</summary>
    public static void ReadHeader(ReadOnlySpan<byte> source, ref MessageHeader header)
    {
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(source[..HeaderLength]);
        BinaryPrimitives.ReverseEndianness(words[..WordsAlike], MemoryMarshal.Cast<MessageHeader, uint>(new Span<MessageHeader>(ref header)));
        header.EndGuard = BinaryPrimitives.ReverseEndianness(words[^1]);
    }

    /// <summary>Whether data of messages with this name is turned on the wire.</summary>
    public static bool IsBindEvent(ReadOnlySpan<byte> name) => name.SequenceEqual(MessageName.ReplierBindEvent);

    /// <summary>Turns the three words of a bind event's data between this machine's order and the wire's, either way. Shorter data stays.</summary>
    public static void TurnBindEvent(Span<byte> data)
    {
        if (data.Length >= BindEventWords * sizeof(uint))
        {
            for (int i = 0; i < BindEventWords; i++)
            {
                data.Slice(i * sizeof(uint), sizeof(uint)).Reverse();
            }
        }
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>A message on the wire between two Limpets: sixteen 32-bit words, the padded name, the padded data and a guard.</summary>
/// <remarks>
/// All words are big-endian; the guards have the values that they have in a message, so a frame begins with the bytes 73 75 62 4B. There
/// are no pointers. The data travels as it is, but for that of a bind event, whose three words are turned. Source: spec section 12.2.
/// </remarks>
internal static class Frame
{
    /// <summary>Words in a frame's header.</summary>
    public const int HeaderWords = 16;

    /// <summary>Bytes in a frame's header.</summary>
    public const int HeaderLength = HeaderWords * sizeof(uint);

    /// <summary>The offset of the header's end guard, in bytes. All words before it are in the same order in memory.</summary>
    private const int EndGuardAt = HeaderLength - sizeof(uint);

    /// <summary>The offset of the length of the name, in bytes; that of the data follows.</summary>
    private const int NameLengthAt = 13 * sizeof(uint);

    /// <summary>Words at the start of a bind event's data that are turned on the wire: is_bind, binder, name_len.</summary>
    private const int BindEventWords = 3;

    /// <summary>Bytes of the whole frame.</summary>
    public static long Length(uint nameLength, uint dataLength) =>
        HeaderLength + MessageLayout.PaddedNameLength(nameLength) + MessageLayout.PaddedDataLength(dataLength) + MessageLayout.FinalGuardLength;

    /// <summary>Writes a frame.</summary>
    /// <param name="target">Takes it; exactly <see cref="Length"/> bytes.</param>
    /// <param name="header">The message's header; its lengths are not used.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="data">The message's data.</param>
    public static void Write(Span<byte> target, in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        WriteHeader(target, header);
        BinaryPrimitives.WriteInt32BigEndian(target[NameLengthAt..], name.Length);
        BinaryPrimitives.WriteInt32BigEndian(target[(NameLengthAt + sizeof(uint))..], data.Length);
        Span<byte> paddedName = target.Slice(HeaderLength, (int)MessageLayout.PaddedNameLength((uint)name.Length));
        CopyPadded(name, paddedName);
        Span<byte> paddedData = target[(HeaderLength + paddedName.Length)..^MessageLayout.FinalGuardLength];
        CopyPadded(data, paddedData);
        if (IsBindEvent(name))
        {
            TurnBindEvent(paddedData);
        }

        BinaryPrimitives.WriteUInt32BigEndian(target[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
    }

    /// <summary>Writes a frame of a message that is no bind event and lies in its entire form, whose padding is zeros.</summary>
    /// <param name="target">Takes it; exactly <see cref="Length"/> bytes.</param>
    /// <param name="header">The message's header, lengths included.</param>
    /// <param name="padded">Its padded name and padded data.</param>
    public static void Write(Span<byte> target, in MessageHeader header, ReadOnlySpan<byte> padded)
    {
        WriteHeader(target, header);
        padded.CopyTo(target[HeaderLength..]);
        BinaryPrimitives.WriteUInt32BigEndian(target[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
    }

    /// <summary>Writes the sixteen words of a header.</summary>
    public static void WriteHeader(Span<byte> target, in MessageHeader header)
    {
        Span<byte> words = target[..HeaderLength];
        Turn(MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)), words);
        BinaryPrimitives.WriteUInt32BigEndian(words, MessageHeader.StartGuardValue);
        BinaryPrimitives.WriteUInt32BigEndian(words[EndGuardAt..], MessageHeader.EndGuardValue);
    }

    /// <summary>Reads the sixteen words of a header, guards included as they are.</summary>
    public static void ReadHeader(ReadOnlySpan<byte> source, ref MessageHeader header)
    {
        Span<byte> words = MemoryMarshal.AsBytes(new Span<MessageHeader>(ref header));
        Turn(source, words);
        BinaryPrimitives.WriteUInt32BigEndian(words[EndGuardAt..], 0);
        header.EndGuard = BinaryPrimitives.ReadUInt32BigEndian(source[EndGuardAt..]);
    }

    /// <summary>Copies bytes to where they end with zeros up to a whole word.</summary>
    private static void CopyPadded(ReadOnlySpan<byte> bytes, Span<byte> padded)
    {
        if (bytes.Length < padded.Length)
        {
            BinaryPrimitives.WriteUInt32BigEndian(padded[^sizeof(uint)..], 0);
        }

        bytes.CopyTo(padded);
    }

    /// <summary>Turns sixteen words at once. In a header in memory the sixteenth is a gap, on the wire the guard.</summary>
    private static void Turn(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var order = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        ref byte from = ref MemoryMarshal.GetReference(source[..HeaderLength]);
        ref byte to = ref MemoryMarshal.GetReference(target[..HeaderLength]);
        for (nuint at = 0; at < HeaderLength; at += (nuint)Vector128<byte>.Count)
        {
            Vector128.Shuffle(Vector128.LoadUnsafe(ref from, at), order).StoreUnsafe(ref to, at);
        }
    }

    /// <summary>Whether data of messages with this name is turned on the wire.</summary>
    public static bool IsBindEvent(ReadOnlySpan<byte> name) => name.SequenceEqual(MessageName.ReplierBindEvent);

    /// <summary>Turns the three words of a bind event's data between this machine's order and the wire's, either way. Shorter data
    /// stays.</summary>
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

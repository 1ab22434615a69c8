using System.Buffers.Binary;
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

    /// <summary>Where the length of the name stands, in words.</summary>
    private const int NameLengthAt = 13;

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
        MessageHeader complete = header;
        complete.NameLength = (uint)name.Length;
        complete.DataLength = (uint)data.Length;
        WriteHeader(target, complete);
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
        target = target[..HeaderLength];
        Put(target, 0, MessageHeader.StartGuardValue);
        Put(target, 1, header.Id.NetworkId);
        Put(target, 2, header.Id.SerialNumber);
        Put(target, 3, header.InReplyTo.NetworkId);
        Put(target, 4, header.InReplyTo.SerialNumber);
        Put(target, 5, header.To);
        Put(target, 6, header.From);
        Put(target, 7, header.OrigFrom.NetworkId);
        Put(target, 8, header.OrigFrom.LocalId);
        Put(target, 9, header.FinalTo.NetworkId);
        Put(target, 10, header.FinalTo.LocalId);
        Put(target, 11, header.Extra);
        Put(target, 12, (uint)header.Flags);
        Put(target, NameLengthAt, header.NameLength);
        Put(target, NameLengthAt + 1, header.DataLength);
        Put(target, HeaderWords - 1, MessageHeader.EndGuardValue);
    }

    /// <summary>Reads the sixteen words of a header, guards included as they are.</summary>
    public static void ReadHeader(ReadOnlySpan<byte> source, ref MessageHeader header)
    {
        source = source[..HeaderLength];
        header.StartGuard = Get(source, 0);
        header.Id = new MessageId(Get(source, 1), Get(source, 2));
        header.InReplyTo = new MessageId(Get(source, 3), Get(source, 4));
        header.To = Get(source, 5);
        header.From = Get(source, 6);
        header.OrigFrom = new OrigFrom(Get(source, 7), Get(source, 8));
        header.FinalTo = new OrigFrom(Get(source, 9), Get(source, 10));
        header.Extra = Get(source, 11);
        header.Flags = (MessageFlags)Get(source, 12);
        header.NameLength = Get(source, NameLengthAt);
        header.DataLength = Get(source, NameLengthAt + 1);
        header.EndGuard = Get(source, HeaderWords - 1);
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

    private static void Put(Span<byte> target, int word, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(target[(word * sizeof(uint))..], value);

    private static uint Get(ReadOnlySpan<byte> source, int word) =>
        BinaryPrimitives.ReadUInt32BigEndian(source[(word * sizeof(uint))..]);
}

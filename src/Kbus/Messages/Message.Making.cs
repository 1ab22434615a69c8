using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus;

// Messages made from other messages, and from bytes.
public partial class Message
{
    /// <summary>Makes the Reply to a Request that was read, with data as text in UTF-8.</summary>
    /// <param name="request">The Request; it must want its reader to reply.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <param name="flags">Flags of the Reply; none is taken over from the Request.</param>
    /// <returns>A Reply with the Request's name, for the Ksock that sent the Request. It is not sent yet.</returns>
    /// <exception cref="ArgumentException">The message is not a Request for its reader to reply to.</exception>
    public static Reply ReplyTo(Message request, string? text, MessageFlags flags = MessageFlags.None) =>
        ReplyTo(request, BytesOf(text), flags);

    /// <summary>Makes the Reply to a Request that was read.</summary>
    /// <param name="request">The Request; it must want its reader to reply.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <param name="flags">Flags of the Reply; none is taken over from the Request.</param>
    /// <returns>A Reply with the Request's name, for the Ksock that sent the Request. It is not sent yet.</returns>
    /// <exception cref="ArgumentException">The message is not a Request for its reader to reply to.</exception>
    public static Reply ReplyTo(Message request, ReadOnlyMemory<byte> data = default, MessageFlags flags = MessageFlags.None)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.IsRequest || !request.WantsUsToReply)
        {
            throw new ArgumentException(
                $"Cannot form a reply to a message that does not have WANT_A_REPLY and WANT_YOU_TO_REPLY set: {request}");
        }

        return new Reply(request.Name, request.Id, data) { To = request.From, Flags = flags };
    }

    /// <summary>Makes a Request that only the replier of an earlier exchange can get, with data as text in UTF-8.</summary>
    /// <param name="earlier">A Reply of that replier, or an earlier stateful Request to it.</param>
    /// <param name="name">The new Request's name.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <returns>A Request with <see cref="To"/> set. Sending it fails with EPIPE once that Ksock is no longer the replier.</returns>
    /// <exception cref="ArgumentException">The first argument is neither.</exception>
    public static Request StatefulRequest(Message earlier, string name, string? text) => StatefulRequest(earlier, name, BytesOf(text));

    /// <summary>Makes a Request that only the replier of an earlier exchange can get.</summary>
    /// <param name="earlier">A Reply of that replier, or an earlier stateful Request to it.</param>
    /// <param name="name">The new Request's name.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <returns>A Request with <see cref="To"/> set. Sending it fails with EPIPE once that Ksock is no longer the replier.</returns>
    /// <exception cref="ArgumentException">The first argument is neither.</exception>
    public static Request StatefulRequest(Message earlier, string name, ReadOnlyMemory<byte> data = default)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        if (earlier.IsReply)
        {
            return new Request(name, data) { To = earlier.From, FinalTo = earlier.OrigFrom };
        }

        if (earlier.IsStatefulRequest)
        {
            return new Request(name, data) { To = earlier.To, FinalTo = earlier.FinalTo };
        }

        throw new ArgumentException("The first argument of StatefulRequest() must be a Reply or a previous stateful Request.");
    }

    /// <summary>Reads a message from its entire form.</summary>
    /// <param name="entire">The bytes, as <see cref="ToBytes"/> and the bare level give them.</param>
    /// <returns>A message of the class that fits its kind; name and data are copied.</returns>
    /// <exception cref="ArgumentException">The bytes are not an entire message.</exception>
    public static Message FromBytes(ReadOnlySpan<byte> entire)
    {
        if (entire.Length < MessageHeader.Size)
        {
            throw new ArgumentException(
                $"Cannot form entire message from string \"{MessageText.Escape(entire)}\" of length {entire.Length}.");
        }

        ref readonly MessageHeader header = ref MemoryMarshal.AsRef<MessageHeader>(entire);
        if (header.StartGuard != MessageHeader.StartGuardValue)
        {
            throw new ArgumentException(
                $"Cannot form entire message from string \"{MessageText.Escape(entire[..8])}..{MessageText.Escape(entire[^8..])}\" which does not start with message start guard.");
        }

        if (header.IsPointy || header.EntireLength > entire.Length || header.NameLength > MessageName.MaxLength)
        {
            throw new ArgumentException(
                $"Cannot form entire message from {entire.Length} bytes: its header speaks of {header.NameLength} bytes of name and {header.DataLength} of data.");
        }

        ReadOnlySpan<byte> name = entire.Slice(MessageHeader.Size, (int)header.NameLength);
        return Read(header, name, entire.Slice(MessageLayout.DataOffset(header.NameLength), (int)header.DataLength));
    }

    /// <summary>Gives the entire form of the message: header, padded name, padded data and guard. Source: spec section 3.2.</summary>
    /// <returns>A new array of <see cref="EntireLength"/> bytes.</returns>
    public byte[] ToBytes()
    {
        byte[] entire = new byte[EntireLength];
        MessageHeader header = _header;
        header.StartGuard = MessageHeader.StartGuardValue;
        header.EndGuard = MessageHeader.EndGuardValue;
        header.NamePointer = 0;
        header.DataPointer = 0;
        header.NameLength = (uint)_nameBytes.Length;
        header.DataLength = (uint)Data.Length;
        MemoryMarshal.Write(entire, header);
        _nameBytes.CopyTo(entire, MessageHeader.Size);
        Data.Span.CopyTo(entire.AsSpan(MessageLayout.DataOffset(header.NameLength)));
        BinaryPrimitives.WriteUInt32LittleEndian(entire.AsSpan(entire.Length - MessageLayout.FinalGuardLength), MessageHeader.EndGuardValue);
        return entire;
    }

    /// <summary>Makes a message of the class that fits what was read. Source: spec section 10.3 (<c>cast</c>).</summary>
    internal static Message Read(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        byte[] nameBytes = name.ToArray();
        byte[] dataBytes = data.ToArray();
        if (header.IsReply)
        {
            return name.StartsWith("$.KBUS."u8) ? new Status(header, nameBytes, dataBytes) : new Reply(header, nameBytes, dataBytes);
        }

        return header.IsRequest ? new Request(header, nameBytes, dataBytes) : new Announcement(header, nameBytes, dataBytes);
    }

    /// <summary>A copy of the same class, for <see cref="MessageCopies"/> to change.</summary>
    internal Message Copy() => (Message)MemberwiseClone();

    internal void Change(MessageId id) => _header.Id = id;

    internal void Change(MessageFlags flags) => _header.Flags = CheckFlags(flags);

    internal void Change(ReadOnlyMemory<byte> data) => Data = data;

    internal void ChangeTo(uint to) => _header.To = to;

    internal void ChangeOrigFrom(OrigFrom origFrom) => _header.OrigFrom = origFrom;

    internal void ChangeFinalTo(OrigFrom finalTo) => _header.FinalTo = finalTo;
}

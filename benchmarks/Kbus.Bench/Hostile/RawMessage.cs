using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;

namespace Kbus.Bench.Hostile;

/// <summary>Messages in the form in which a link carries them.</summary>
internal static class RawMessage
{
    /// <summary>An entire message, sealed, whose data is zeros.</summary>
    public static byte[] Entire(string name, int dataLength, MessageFlags flags)
    {
        MessageHeader header = Header(name, (uint)dataLength, flags);
        byte[] bytes = new byte[header.EntireLength];
        Begin(header, name).CopyTo(bytes, 0);
        MemoryMarshal.Write(bytes.AsSpan(^MessageLayout.FinalGuardLength), MessageHeader.EndGuardValue);
        return bytes;
    }

    /// <summary>The header and the padded name of a message: how a big one begins.</summary>
    public static byte[] Beginning(string name, uint dataLength) => Begin(Header(name, dataLength, MessageFlags.None), name);

    private static MessageHeader Header(string name, uint dataLength, MessageFlags flags)
    {
        var header = new MessageHeader { NameLength = (uint)name.Length, DataLength = dataLength, Flags = flags };
        header.MakeEntire();
        return header;
    }

    private static byte[] Begin(in MessageHeader header, string name)
    {
        byte[] bytes = new byte[MessageLayout.DataOffset(header.NameLength)];
        MemoryMarshal.Write(bytes, header);
        Encoding.ASCII.GetBytes(name, bytes.AsSpan(MessageHeader.Size));
        return bytes;
    }
}

using System.Buffers.Binary;

namespace Kbus.Replay;

/// <summary>A message as bytes, in the 64-bit little-endian layout that the traces use.</summary>
/// <remarks>
/// Written a second time on purpose, without the layout code of the bus: a mistake in one of the two shows as a difference.
/// </remarks>
internal static class WireForm
{
    private const int HeaderSize = 88;
    private const uint StartGuard = 0x7375624B;
    private const uint EndGuard = 0x4B627573;

    /// <summary>The header of a message; the pointers are 0 for the entire form.</summary>
    public static byte[] Header(TraceMessage message, ulong namePointer = 0, ulong dataPointer = 0)
    {
        byte[] bytes = new byte[HeaderSize];
        int at = 0;
        foreach (uint word in Words(message))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), word);
            at += 4;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(64), namePointer);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(72), dataPointer);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(80), EndGuard);
        return bytes;
    }

    /// <summary>The entire form: header, name, data, final guard.</summary>
    public static byte[] Entire(TraceMessage message)
    {
        int name = PaddedName(message.Name.Length);
        byte[] bytes = new byte[HeaderSize + name + PaddedData(message.Data.Length) + 4];
        Header(message).CopyTo(bytes, 0);
        message.Name.CopyTo(bytes, HeaderSize);
        message.Data.CopyTo(bytes, HeaderSize + name);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), EndGuard);
        return bytes;
    }

    /// <summary>Reads an entire message that came from a bus. False if it is not well formed to the last padding byte.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out TraceMessage? message)
    {
        message = null;
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        uint[] w = new uint[15];
        for (int i = 0; i < w.Length; i++)
        {
            w[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * i)..]);
        }

        long name = w[13], data = w[14], dataAt = HeaderSize + 4 * ((name + 4) / 4);
        if (dataAt + data > bytes.Length)
        {
            return false;
        }

        message = new TraceMessage(
            new MessageId(w[1], w[2]), new MessageId(w[3], w[4]), w[5], w[6], (w[7], w[8]), (w[9], w[10]), w[11], w[12],
            bytes.Slice(HeaderSize, (int)name).ToArray(), bytes.Slice((int)dataAt, (int)data).ToArray());
        return bytes.SequenceEqual(Entire(message));
    }

    private static uint[] Words(TraceMessage m) =>
    [
        StartGuard, m.Id.NetworkId, m.Id.SerialNumber, m.InReplyTo.NetworkId, m.InReplyTo.SerialNumber, m.To, m.From,
        m.OrigFrom.Network, m.OrigFrom.Local, m.FinalTo.Network, m.FinalTo.Local, m.Extra, m.Flags,
        (uint)m.Name.Length, (uint)m.Data.Length,
    ];

    private static int PaddedName(int length) => 4 * ((length + 4) / 4);

    private static int PaddedData(int length) => 4 * ((length + 3) / 4);
}

using System.Buffers.Binary;
using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>What a server sends instead of its greeting to a client that it sends away: <c>REFU</c>, a number, and a sentence that says
/// why.</summary>
/// <remarks>A client of another make sees that it is no greeting, and ends as if the connection had been closed. The number (u32,
/// big-endian) is the sentence's length in bytes of UTF-8. Its highest bit is set if coming again is of no use.</remarks>
internal static class Refusal
{
    private const uint ForGood = 0x8000_0000;
    private const int Longest = 1000;

    private static ReadOnlySpan<byte> Word => "REFU"u8;

    /// <summary>Whether a server's first bytes are one.</summary>
    public static bool Is(ReadOnlySpan<byte> greeting) => greeting.StartsWith(Word);

    /// <summary>Writes one.</summary>
    /// <param name="why">The sentence; of a longer one the beginning.</param>
    /// <param name="isForGood">Whether coming again is of no use.</param>
    public static byte[] Of(string why, bool isForGood)
    {
        byte[] text = Encoding.UTF8.GetBytes(why);
        int length = Math.Min(text.Length, Longest);
        byte[] bytes = new byte[Greeting.Length + length];
        Word.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(Word.Length), (uint)length | (isForGood ? ForGood : 0));
        text.AsSpan(0, length).CopyTo(bytes.AsSpan(Greeting.Length));
        return bytes;
    }

    /// <summary>Reads the rest of one. Whatever the server says is shown so that it controls no terminal and no log.</summary>
    /// <param name="greeting">The first bytes.</param>
    /// <param name="stream">Where the rest comes from.</param>
    /// <returns>What the client reports.</returns>
    /// <exception cref="IOException">The rest does not come.</exception>
    public static LimpetException Read(ReadOnlySpan<byte> greeting, Stream stream)
    {
        uint number = BinaryPrimitives.ReadUInt32BigEndian(greeting[Word.Length..]);
        byte[] text = new byte[Math.Min(number & ~ForGood, Longest)];
        stream.ReadExactly(text);
        return new LimpetException(
            $"The server sent this Limpet away: \"{PrintableText.Of(text)}\"", isPeersFault: (number & ForGood) != 0, isRefused: true);
    }
}

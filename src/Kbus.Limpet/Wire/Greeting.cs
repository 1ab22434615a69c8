using System.Buffers.Binary;

namespace Kbus.Limpets;

/// <summary>The first eight bytes each way: <c>HELO</c> and the network id of who speaks. Source: spec section 12.2.</summary>
internal static class Greeting
{
    /// <summary>Bytes in it.</summary>
    public const int Length = 8;

    private static ReadOnlySpan<byte> Word => "HELO"u8;

    /// <summary>Writes the greeting of a Limpet.</summary>
    public static byte[] Of(uint networkId)
    {
        byte[] greeting = new byte[Length];
        Word.CopyTo(greeting);
        BinaryPrimitives.WriteUInt32BigEndian(greeting.AsSpan(Word.Length), networkId);
        return greeting;
    }

    /// <summary>Reads the network id from the peer's greeting.</summary>
    /// <exception cref="WireException">It is no greeting.</exception>
    public static uint Read(ReadOnlySpan<byte> greeting)
    {
        if (!greeting.StartsWith(Word))
        {
            throw new WireException(
                greeting[0] is 0x15 or 0x16 && greeting[1] == 3
                ? "it speaks TLS, and this side does not (--tls-cert)"
                : $"it greeted with the bytes {Convert.ToHexString(greeting[..Word.Length])} in place of HELO");
        }

        uint networkId = BinaryPrimitives.ReadUInt32BigEndian(greeting[Word.Length..]);
        return networkId != 0 ? networkId : throw new WireException("its network id is 0; a Limpet's is 1 or more");
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Fuzz;

/// <summary>Messages as bytes, so that a fuzzer need not find out by itself how one looks.</summary>
internal static class Composed
{
    /// <summary>Names that go well with each other.</summary>
    private static readonly byte[][] Names =
    [
        "$.A"u8.ToArray(), "$.A.B"u8.ToArray(), "$.A.*"u8.ToArray(), "$.*"u8.ToArray(), "$.A.%"u8.ToArray(), "$.B"u8.ToArray(),
        "$.KBUS.ReplierBindEvent"u8.ToArray(), HonestName,
    ];

    /// <summary>The name that an honest member is bound to.</summary>
    public static byte[] HonestName => "$.Honest"u8.ToArray();

    /// <summary>A name by its number.</summary>
    public static byte[] Name(int number) => Names[number & (Names.Length - 1)];

    /// <summary>A message in its entire form.</summary>
    public static byte[] Entire(MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        byte[] bytes = new byte[MessageLayout.EntireLength((uint)name.Length, (uint)data.Length)];
        Head(header, name, (uint)data.Length).CopyTo(bytes, 0);
        data.CopyTo(bytes.AsSpan(MessageLayout.DataOffset((uint)name.Length)));
        MemoryMarshal.Write(bytes.AsSpan(bytes.Length - MessageLayout.FinalGuardLength), MessageHeader.EndGuardValue);
        return bytes;
    }

    /// <summary>The header and padded name of a message, whose data comes by itself.</summary>
    public static byte[] Head(MessageHeader header, ReadOnlySpan<byte> name, uint dataLength)
    {
        byte[] bytes = new byte[MessageLayout.DataOffset((uint)name.Length)];
        header.MakeEntire();
        header.NameLength = (uint)name.Length;
        header.DataLength = dataLength;
        MemoryMarshal.Write(bytes, header);
        name.CopyTo(bytes.AsSpan(MessageHeader.Size));
        return bytes;
    }
}

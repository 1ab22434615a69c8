using System.Globalization;

namespace Kbus.Languages;

/// <summary>The data that the players send, the same in every language, and how they tell what they got.</summary>
internal static class Contents
{
    private const int BigLength = 200_000;
    private const uint AdlerModulus = 65521;

    /// <summary>Text, bytes with zeros among them, nothing, and more than fits into one part of a ring.</summary>
    public static IReadOnlyList<byte[]> All { get; } =
    [
        "Hello"u8.ToArray(),
        [.. Enumerable.Range(0, 256).Select(i => (byte)i)],
        [],
        [.. Enumerable.Range(0, BigLength).Select(i => (byte)((i * 31) + (i / 251)))],
    ];

    /// <summary>Data in short: its length and its Adler-32 sum.</summary>
    public static string Describe(ReadOnlySpan<byte> data)
    {
        uint low = 1, high = 0;
        foreach (byte b in data)
        {
            low = (low + b) % AdlerModulus;
            high = (high + low) % AdlerModulus;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{data.Length} {(high << 16) | low:x8}");
    }

    /// <summary>What a replier makes of data: the same bytes backwards.</summary>
    public static byte[] Backwards(ReadOnlySpan<byte> data)
    {
        byte[] backwards = data.ToArray();
        backwards.AsSpan().Reverse();
        return backwards;
    }
}

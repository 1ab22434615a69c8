using System.Runtime.InteropServices;

namespace Kbus.Faults;

/// <summary>Data that can be checked by itself: a number, and words that follow from it and from the length.</summary>
internal static class Content
{
    public const int Least = 16;

    /// <summary>Fills data of at least <see cref="Least"/> bytes.</summary>
    public static void Fill(Span<byte> data, ulong number)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        words[0] = number;
        ulong state = number ^ ((ulong)data.Length * 0x9E3779B97F4A7C15);
        for (int i = 1; i < words.Length; i++)
        {
            state = Next(state);
            words[i] = state;
        }

        data[(words.Length * sizeof(ulong))..].Fill((byte)number);
    }

    /// <summary>True if every byte is as it was filled in.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> data)
    {
        if (data.Length < Least)
        {
            return false;
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        ulong state = words[0] ^ ((ulong)data.Length * 0x9E3779B97F4A7C15);
        for (int i = 1; i < words.Length; i++)
        {
            state = Next(state);
            if (words[i] != state)
            {
                return false;
            }
        }

        return data[(words.Length * sizeof(ulong))..].IndexOfAnyExcept((byte)words[0]) < 0;
    }

    /// <summary>Adds a message to a chain: two recipients have equal chains if and only if they saw the same in the same order.</summary>
    public static ulong Chain(ulong chain, MessageId id, ReadOnlySpan<byte> data) =>
        Next(chain ^ (((ulong)id.NetworkId << 32) | id.SerialNumber) ^ Next((ulong)data.Length));

    private static ulong Next(ulong state)
    {
        state = (state ^ (state >> 29)) * 0xBF58476D1CE4E5B9;
        return state ^ (state >> 32);
    }
}

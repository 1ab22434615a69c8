using System.Buffers.Binary;

namespace Kbus.Fuzz;

/// <summary>Plays inputs that are made of those that are kept, with some bytes changed, until one is a finding. It follows no coverage.</summary>
/// <remarks>Far weaker than what afl++ does, but it needs nothing, and is the same each time. Tests use it.</remarks>
/// <param name="target">What is played.</param>
/// <param name="seed">From what the changes follow.</param>
internal sealed class Hunt(Target target, int seed)
{
    private const int MostChanges = 6;

    // Where heads and lengths stand.
    private const int Front = 128;

    private static readonly uint[] Interesting =
        [0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 99, 100, 127, 128, 255, 256, 999, 1000, 1001, 1003, 1004, 4095, 4096, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, uint.MaxValue];

    private readonly Random _random = new(seed);
    private readonly byte[][] _kept = [.. Corpus.Of(target), .. target.Seeds];

    /// <summary>Plays so many inputs at most.</summary>
    /// <param name="executions">How many.</param>
    /// <param name="after">How many were played.</param>
    /// <returns>The exception that is a finding; null if there was none.</returns>
    public Exception? Play(int executions, out int after)
    {
        for (after = 1; after <= executions; after++)
        {
            try
            {
                target.Play(Next());
            }
            catch (Exception e)
            {
                return e;
            }
        }

        after = executions;
        return null;
    }

    private byte[] Next()
    {
        List<byte> input = [.. _kept[_random.Next(_kept.Length)]];
        for (int i = 1 + _random.Next(MostChanges); i > 0; i--)
        {
            Change(input);
        }

        return [.. input.Take(target.LongestInput)];
    }

    private void Change(List<byte> input)
    {
        int at = Place(input);
        if (at == input.Count)
        {
            input.Add((byte)_random.Next(256));
            return;
        }

        switch (_random.Next(8))
        {
            case 0:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                input[at] = (byte)_random.Next(256);
                break;
            case 2:
                input[at] += (byte)(_random.Next(9) - 4);
                break;
            case 3:
                WriteNumber(input, at);
                break;
            case 4:
                input.RemoveRange(at, Math.Min(input.Count - at, 1 + _random.Next(16)));
                break;
            case 5:
                input.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), 1 + _random.Next(16)));
                break;
            case 6:
                // A part of it once more, elsewhere.
                int from = _random.Next(input.Count);
                input.InsertRange(at, input.GetRange(from, Math.Min(input.Count - from, 1 + _random.Next(64))));
                break;
            case 7:
                byte[] other = _kept[_random.Next(_kept.Length)];
                input.RemoveRange(at, input.Count - at);
                input.AddRange(other.Skip(Math.Min(at, other.Length)));
                break;
        }
    }

    private int Place(List<byte> input) => _random.Next(_random.Next(2) == 0 ? Math.Min(Front, input.Count + 1) : input.Count + 1);

    private void WriteNumber(List<byte> input, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        uint value = Interesting[_random.Next(Interesting.Length)];
        if (_random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(number, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, value);
        }

        for (int i = 0; i < number.Length && at + i < input.Count; i++)
        {
            input[at + i] = number[i];
        }
    }
}

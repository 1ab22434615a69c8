using System.Buffers;
using System.Text;

namespace Kbus.Cli;

/// <summary>The words of the command line with every byte that they have, also bytes that are not UTF-8.</summary>
/// <remarks>
/// The runtime replaces such a byte by U+FFFD, so its words no longer say what was typed. Here byte 0xNN becomes the single surrogate
/// U+DCNN, which no text contains, and <see cref="Bytes"/> gives the byte back. <see cref="ArgumentReader"/> refuses it wherever text is
/// needed.
/// </remarks>
internal static class ExactWords
{
    private const char Replacement = '\uFFFD';
    private const char FirstByte = '\uDC00';

    /// <summary>The words as they were typed.</summary>
    /// <param name="words">The words as the runtime gives them.</param>
    /// <exception cref="CommandException">A byte was replaced, and which one it was cannot be found out.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> words)
    {
        if (words.FirstOrDefault(w => w.Contains(Replacement)) is not { } doubtful)
        {
            return words;
        }

        List<string> all = ReadAll();
        return all.Count >= words.Count
            ? all[^words.Count..]
            : throw CommandException.Usage($"'{doubtful}' may have bytes that are not UTF-8, and /proc/self/cmdline does not say which. Use --file or --hex.");
    }

    /// <summary>Whether a word is text, that is, whether all of its bytes are UTF-8.</summary>
    public static bool IsText(string word) => FindByte(word) < 0;

    /// <summary>The first byte of a word that is not UTF-8.</summary>
    public static byte OddByte(string word) => (byte)(word[FindByte(word)] - FirstByte);

    /// <summary>The bytes of a word as they were typed.</summary>
    public static byte[] Bytes(string word)
    {
        if (IsText(word))
        {
            return Encoding.UTF8.GetBytes(word);
        }

        var bytes = new List<byte>(word.Length);
        string rest = word;
        for (int at = FindByte(rest); at >= 0; at = FindByte(rest))
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(rest[..at]));
            bytes.Add((byte)(rest[at] - FirstByte));
            rest = rest[(at + 1)..];
        }

        return [.. bytes, .. Encoding.UTF8.GetBytes(rest)];
    }

    /// <summary>A word of bytes, each byte that is not UTF-8 as a single surrogate.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune);
            }
            else
            {
                foreach (byte b in bytes[..length])
                {
                    text.Append((char)(FirstByte + b));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    private static List<string> ReadAll()
    {
        try
        {
            byte[] line = File.ReadAllBytes("/proc/self/cmdline");
            List<string> words = [];
            int end;
            for (int start = 0; (end = Array.IndexOf(line, (byte)0, start)) >= 0; start = end + 1)
            {
                words.Add(Decode(line.AsSpan(start, end - start)));
            }

            return words;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Where the first byte is that is not UTF-8: a low surrogate with no high one before it.</summary>
    private static int FindByte(string word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (char.IsLowSurrogate(word[i]) && (i == 0 || !char.IsHighSurrogate(word[i - 1])))
            {
                return i;
            }
        }

        return -1;
    }
}

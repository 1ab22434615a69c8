using System.Text;

namespace Kbus.Cli;

/// <summary>A message as one line for people: its printed form, with long data cut.</summary>
internal static class MessageLine
{
    /// <summary>The most bytes of data that are printed; the rest is cut.</summary>
    public const int MostData = 128;

    /// <summary>Prints a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="full">True to print all of its data.</param>
    public static string Of(Message message, bool full)
    {
        int length = message.Data.Length;
        if (full || length <= MostData || message.Kind == MessageKind.ReplierBindEvent)
        {
            return message.ToString();
        }

        int shown = BeforeCharacter(message.Data.Span, MostData);
        string cut = message.WithData(message.Data[..shown]).ToString();
        return $"{cut[..^1]} and {length - shown} bytes more>";
    }

    /// <summary>The last place up to <paramref name="most"/> that is not within a character, so that no half of one is shown as
    /// bytes.</summary>
    private static int BeforeCharacter(ReadOnlySpan<byte> data, int most)
    {
        for (int start = most; start > most - 4; start--)
        {
            if ((data[start] & 0xC0) != 0x80)
            {
                bool isWhole = Rune.DecodeFromUtf8(data[start..], out _, out _) == System.Buffers.OperationStatus.Done;
                return isWhole ? start : most;
            }
        }

        return most;
    }
}

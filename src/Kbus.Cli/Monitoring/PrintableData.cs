using System.Text;

namespace Kbus.Cli;

/// <summary>Data in one line: printable ASCII as it is, every other byte as <c>\xNN</c>.</summary>
internal static class PrintableData
{
    /// <summary>The line.</summary>
    public static string Of(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder(data.Length);
        foreach (byte b in data)
        {
            _ = b is >= (byte)' ' and <= (byte)'~' and not (byte)'\\' and not (byte)'\'' ? text.Append((char)b) : text.Append($"\\x{b:x2}");
        }

        return text.ToString();
    }
}

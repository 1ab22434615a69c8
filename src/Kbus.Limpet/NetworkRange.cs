using System.Globalization;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Some network ids: from the first to the last, both included.</summary>
/// <param name="First">The first: 1 or more.</param>
/// <param name="Last">The last: not less than the first.</param>
public readonly record struct NetworkRange(uint First, uint Last)
{
    /// <summary>All of them.</summary>
    internal static NetworkRange Any { get; } = new(1, uint.MaxValue);

    /// <summary>Reads a list such as <c>7,10-19</c>; <c>none</c> is an empty one.</summary>
    /// <param name="text">The list.</param>
    /// <returns>The ranges.</returns>
    /// <exception cref="ArgumentException">It is no such list; the message says so.</exception>
    public static IReadOnlyList<NetworkRange> ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == NameList.Nothing ? [] : [.. text.Split(',').Select(Parse)];
    }

    /// <summary>As one writes it: <c>7</c>, or <c>10-19</c>.</summary>
    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static NetworkRange Parse(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && TryParse(ends[0], out uint first) && TryParse(ends[^1], out uint last) && first >= 1 && last >= first
            ? new NetworkRange(first, last)
            : throw new ArgumentException($"\"{PrintableText.Of(text)}\" is not a network id of 1 or more, nor two with a hyphen between them, as in 10-19");
    }

    private static bool TryParse(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

using System.Text;
using Kbus.Core;

namespace Kbus.Policy;

/// <summary>A set of message names, written as a binding is: one name, all names one level below it, or all names below it.</summary>
/// <remarks>
/// <para>Any two patterns are disjoint, or one holds the other. And there are more words than any list of patterns can name. So a
/// pattern is held by several others together only if one of them alone holds it. All that is decided about wildcards rests on these
/// two facts.</para>
/// <para>Names longer than the bus allows count as names here. That can only make an answer stricter.</para>
/// </remarks>
internal readonly struct NamePattern
{
    private readonly byte[] _text;

    /// <summary>Makes a pattern.</summary>
    /// <param name="text">A name that a binding may have: <see cref="MessageName.CheckBinding"/> has accepted it.</param>
    public NamePattern(ReadOnlySpan<byte> text) => _text = text.ToArray();

    /// <summary>Reads a pattern, or one name.</summary>
    /// <param name="text">Such as <c>$.A.*</c>.</param>
    /// <param name="pattern">The pattern.</param>
    /// <returns>False if no binding may have that name.</returns>
    public static bool TryRead(string text, out NamePattern pattern)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bool isName = MessageName.CheckBinding(bytes) == Errno.None;
        pattern = isName ? new NamePattern(bytes) : default;
        return isName;
    }

    /// <summary>True if it ends in <c>.*</c> or <c>.%</c>, so that it is no name of a message.</summary>
    public bool IsWildcard => MessageName.IsWildcard(_text);

    /// <summary>All names.</summary>
    public static NamePattern Everything { get; } = new("$.*"u8);

    /// <summary>The pattern as it is written.</summary>
    public ReadOnlySpan<byte> Text => _text;

    /// <summary>True if every name that matches <paramref name="inner"/> also matches <paramref name="outer"/>.</summary>
    /// <param name="outer">A pattern as it is written.</param>
    /// <param name="inner">Another one, or one name.</param>
    public static bool Holds(ReadOnlySpan<byte> outer, ReadOnlySpan<byte> inner)
    {
        if (!MessageName.IsWildcard(outer))
        {
            return outer.SequenceEqual(inner);
        }

        // With its dot, so that $.A.* holds nothing of $.AB.
        ReadOnlySpan<byte> prefix = outer[..^1];
        if (inner.Length <= prefix.Length || !inner.StartsWith(prefix))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = inner[prefix.Length..];
        return outer[^1] == '*' || (rest is not [(byte)'*'] && !rest.Contains((byte)'.'));
    }

    /// <inheritdoc/>
    public override string ToString() => Encoding.ASCII.GetString(_text);
}

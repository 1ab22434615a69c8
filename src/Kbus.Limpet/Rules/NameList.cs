using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>A list of message names and wildcards that says which names may pass. Never changes.</summary>
internal sealed class NameList
{
    /// <summary>The one word of a list that lets nothing pass. It is no name.</summary>
    public const string Nothing = "none";

    private readonly byte[][] _names;

    /// <summary>Makes a list.</summary>
    /// <param name="names">Names as one binds to them; none at all lets everything pass, and <see cref="Nothing"/> alone lets nothing
    /// pass.</param>
    /// <exception cref="ArgumentException">One of them is no name that can be bound to.</exception>
    public NameList(IEnumerable<string> names)
    {
        string[] listed = [.. names];
        IsOpen = listed.Length == 0;
        _names = listed is [Nothing] ? [] : [.. listed.Select(Encoding.UTF8.GetBytes)];
        foreach (byte[] name in _names)
        {
            if (MessageName.CheckBinding(name) != Errno.None)
            {
                throw new ArgumentException($"\"{PrintableText.Of(name)}\" is not a message name, nor a wildcard that ends in .* or .%");
            }
        }
    }

    /// <summary>True if everything may pass.</summary>
    public bool IsOpen { get; }

    /// <summary>True if a message of this name may pass; for a wildcard, if all names that it matches may.</summary>
    public bool Allows(ReadOnlySpan<byte> name)
    {
        foreach (byte[] allowed in _names)
        {
            if (Covers(allowed, name))
            {
                return true;
            }
        }

        return IsOpen;
    }

    private static bool Covers(ReadOnlySpan<byte> allowed, ReadOnlySpan<byte> name)
    {
        if (!MessageName.IsWildcard(allowed))
        {
            return name.SequenceEqual(allowed);
        }

        // "$.A." of "$.A.*": after it comes the one word, or the words, that the wildcard matches.
        ReadOnlySpan<byte> start = allowed[..^1];
        if (!name.StartsWith(start))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = name[start.Length..];
        return allowed[^1] == '*' || (!rest.Contains((byte)'.') && !rest.SequenceEqual("*"u8));
    }
}

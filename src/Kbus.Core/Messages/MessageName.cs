using System.Buffers;

namespace Kbus.Core;

/// <summary>The grammar of message names and the names that the bus itself uses. Source: spec sections 1.4, 2.1 to 2.3; D14.</summary>
/// <remarks>
/// A name is <c>$</c> followed by words of ASCII letters and digits, each led by a dot. A binding's name may have <c>*</c> (any
/// number of further words, at least one) or <c>%</c> (exactly one further word) as its last word.
/// </remarks>
internal static class MessageName
{
    /// <summary>Longest name, in bytes, without the NUL.</summary>
    public const int MaxLength = 1000;

    /// <summary>Shortest name, in bytes.</summary>
    public const int MinLength = 3;

    private static readonly SearchValues<byte> LettersDigitsDot =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789."u8);

    public static ReadOnlySpan<byte> ReplierGoneAway => "$.KBUS.Replier.GoneAway"u8;

    public static ReadOnlySpan<byte> ReplierIgnored => "$.KBUS.Replier.Ignored"u8;

    public static ReadOnlySpan<byte> ReplierUnbound => "$.KBUS.Replier.Unbound"u8;

    public static ReadOnlySpan<byte> ReplierDisappeared => "$.KBUS.Replier.Disappeared"u8;

    public static ReadOnlySpan<byte> ErrorSending => "$.KBUS.ErrorSending"u8;

    public static ReadOnlySpan<byte> ReplierBindEvent => "$.KBUS.ReplierBindEvent"u8;

    public static ReadOnlySpan<byte> UnbindEventsLost => "$.KBUS.UnbindEventsLost"u8;

    /// <summary>Says whether a binding may have this name, and if not why not.</summary>
    /// <returns>None, EBADMSG (no length, or the grammar) or ENAMETOOLONG.</returns>
    public static Errno CheckBinding(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return Errno.EBADMSG;
        }

        if (name.Length > MaxLength)
        {
            return Errno.ENAMETOOLONG;
        }

        return IsWellFormed(name, wildcardAllowed: true) ? Errno.None : Errno.EBADMSG;
    }

    /// <summary>True if a message may have this name: well formed, and no wildcard.</summary>
    public static bool IsSendable(ReadOnlySpan<byte> name) => name.Length <= MaxLength && IsWellFormed(name, wildcardAllowed: false);

    /// <summary>True if the binding name ends in <c>.*</c> or <c>.%</c>.</summary>
    public static bool IsWildcard(ReadOnlySpan<byte> name) => name.Length >= MinLength && name[^2] == '.' && name[^1] is (byte)'*' or (byte)'%';

    private static bool IsWellFormed(ReadOnlySpan<byte> name, bool wildcardAllowed)
    {
        if (name.Length < MinLength || name[0] != '$' || name[1] != '.')
        {
            return false;
        }

        if (IsWildcard(name))
        {
            if (!wildcardAllowed)
            {
                return false;
            }

            name = name[..^2];
            if (name.Length == 1)
            {
                return true;
            }
        }

        // Letters, digits and dots; no two dots together, and none at the end.
        return !name[1..].ContainsAnyExcept(LettersDigitsDot) && name.IndexOf(".."u8) < 0 && name[^1] != '.';
    }
}

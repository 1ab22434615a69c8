using System.Diagnostics.CodeAnalysis;
using Kbus.Core;

namespace Kbus;

/// <summary>What each error number means, to Unix and to KBUS, in words for people.</summary>
public static class KbusErrors
{
    /// <summary>Every errno there is, in order of number, without <see cref="Errno.None"/>.</summary>
    public static IReadOnlyList<Errno> All => ErrnoTable.All;

    /// <summary>The symbol, such as <c>EPIPE</c>.</summary>
    /// <param name="errno">An error; a number that Linux does not know stands for itself.</param>
    public static string Name(Errno errno) => ErrnoTable.Name(errno);

    /// <summary>What the error means to Unix, such as <c>Broken pipe</c>.</summary>
    /// <param name="errno">An error.</param>
    public static string UnixMeaning(Errno errno) => ErrnoTable.UnixMeaning(errno);

    /// <summary>What the error means to KBUS: paragraphs in lines for a terminal.</summary>
    /// <param name="errno">An error.</param>
    /// <returns>Null if KBUS gives it no meaning of its own.</returns>
    public static string? KbusMeaning(Errno errno) => ErrnoTable.KbusMeaning(errno);

    /// <summary>What to do about it, in one line.</summary>
    /// <param name="errno">An error.</param>
    /// <returns>Null where <see cref="KbusMeaning"/> is null.</returns>
    public static string? Advice(Errno errno) => ErrnoTable.Advice(errno);

    /// <summary>Finds an error by its symbol, in any case, or by its number in decimal.</summary>
    /// <param name="text">Such as <c>EPIPE</c> or <c>32</c>.</param>
    /// <param name="errno">The error.</param>
    /// <returns>False if there is none of that symbol or number.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Errno errno)
    {
        errno = Errno.None;
        return text is not null && ErrnoTable.TryParse(text, out errno);
    }

    /// <summary>The meaning and the advice of each case that can come on an operation, in one line; those of all cases if none can.</summary>
    /// <param name="errno">An error.</param>
    /// <param name="operation">Such as <c>send</c>; see eng/errors.json.</param>
    internal static string InOneLine(Errno errno, string operation)
    {
        if (errno == Errno.None)
        {
            return "Success";
        }

        ErrnoCase[] cases = ErrnoTable.Cases(errno);
        ErrnoCase[] fitting = [.. cases.Where(c => c.IsOn(operation))];
        return cases.Length == 0
            ? ErrnoTable.UnixMeaning(errno)
            : string.Join(' ', (fitting.Length > 0 ? fitting : cases).Select(c => $"{c.Meaning} {c.Advice}"));
    }
}

using Kbus.Core;

namespace Kbus;

/// <summary>The bus, or the way to it, has refused something. The message says what happened, what it means and what to do.</summary>
/// <remarks>For instance <c>EPIPE: Ksock 3 no longer replies to $.Actor.CoinToss. Ksock 2 of bus 0 sent nothing. ...</c></remarks>
public class KbusException : IOException
{
    /// <summary>Makes an exception.</summary>
    public KbusException()
        : this(Errno.EIO)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    public KbusException(string message)
        : this(Errno.EIO, message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What it came from.</param>
    public KbusException(string message, Exception innerException)
        : base(message, innerException)
    {
        Errno = Errno.EIO;
        HResult = (int)Errno;
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="errno">Which error.</param>
    /// <param name="what">What happened, as sentences; null for what the error means in general.</param>
    /// <param name="innerException">What it came from, if anything.</param>
    public KbusException(Errno errno, string? what = null, Exception? innerException = null)
        : base(Compose(errno, what, ErrnoTable.Advice(errno)), innerException)
    {
        Errno = errno;
        HResult = (int)errno;
    }

    /// <summary>Makes one of a kind of its own that says what another says.</summary>
    private protected KbusException(KbusException text)
        : this(text.Errno, text.Message, null, isWhole: true)
    {
    }

    private KbusException(Errno errno, string text, Exception? innerException, bool isWhole)
        : base(text, innerException)
    {
        _ = isWhole;
        Errno = errno;
        HResult = (int)errno;
    }

    /// <summary>Which error.</summary>
    public Errno Errno { get; }

    /// <summary>What the error means to KBUS in general; null if KBUS gives it no meaning of its own.</summary>
    public string? KbusMeaning => KbusErrors.KbusMeaning(Errno);

    /// <summary>Makes an exception that says the one case that applies, and what to do in that case.</summary>
    /// <param name="errno">Which error.</param>
    /// <param name="applies">The case; null if all of them may be.</param>
    /// <param name="what">What happened, as sentences; null for what the case means in general.</param>
    internal static KbusException InCase(Errno errno, ErrnoCase? applies, string? what) =>
        new(errno, Compose(errno, what ?? applies?.Meaning, applies is null ? ErrnoTable.Advice(errno) : applies.Advice), null, isWhole: true);

    private static string Compose(Errno errno, string? what, string? advice)
    {
        string happened = what ?? InOneLine(ErrnoTable.KbusMeaning(errno)) ?? ErrnoTable.UnixMeaning(errno) + ".";
        string text = $"{ErrnoTable.Name(errno)}: {happened}";
        return advice is null ? text : $"{text} {advice}";
    }

    private static string? InOneLine(string? text) => text?.Replace("\n\n", " ", StringComparison.Ordinal).Replace('\n', ' ');
}

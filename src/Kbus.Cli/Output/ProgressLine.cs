using System.Text;

namespace Kbus.Cli;

/// <summary>One line on standard error that says how far something has come, written over itself.</summary>
/// <remarks>Only on a terminal, and not with <c>--quiet</c>.</remarks>
/// <param name="invocation">Has the terminal, and the clock.</param>
internal sealed class ProgressLine(Invocation invocation)
{
    private const string ToStart = "\r\e[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.25);

    private readonly bool _isOn = invocation.Errors.IsTerminal && !invocation.Arguments.Has(Options.Quiet);
    private long? _shown;

    /// <summary>Shows it, at most four times a second.</summary>
    /// <param name="text">Makes the text, without an end of line.</param>
    public void Show(Func<string> text)
    {
        if (_isOn && (_shown is not { } shown || invocation.Time.GetElapsedTime(shown) >= Interval))
        {
            _shown = invocation.Time.GetTimestamp();
            invocation.Errors.Write(Encoding.UTF8.GetBytes(ToStart + TerminalText.Of(text())));
        }
    }

    /// <summary>Removes it, for other lines to come.</summary>
    public void Clear()
    {
        if (_shown is not null)
        {
            _shown = null;
            invocation.Errors.Write(Encoding.UTF8.GetBytes(ToStart));
        }
    }
}

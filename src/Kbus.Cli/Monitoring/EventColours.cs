namespace Kbus.Cli;

/// <summary>Colours on a terminal; nothing elsewhere, or if the user wants none (NO_COLOR).</summary>
/// <param name="isOn">Whether there are colours.</param>
internal sealed class EventColours(bool isOn)
{
    private const string End = "\e[0m";

    /// <summary>The colours for a run.</summary>
    public static EventColours For(Invocation invocation) =>
        new(invocation.Output.IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    /// <summary>What is not the point of the line.</summary>
    public string Faint(string text) => In("2", text);

    /// <summary>What went wrong.</summary>
    public string Bad(string text) => In("31", text);

    /// <summary>What deserves a second look.</summary>
    public string Odd(string text) => In("33", text);

    /// <summary>A name.</summary>
    public string Name(string text) => In("36", text);

    /// <summary>An answer.</summary>
    public string Good(string text) => In("32", text);

    private string In(string colour, string text) => isOn && text.Length > 0 ? $"\e[{colour}m{text}{End}" : text;
}

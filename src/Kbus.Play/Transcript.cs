namespace Kbus.Play;

/// <summary>Prints the play as it is played: one line for each thing that an actor does or receives.</summary>
/// <param name="print">Prints a line.</param>
/// <param name="isColored">Whether names have their colours.</param>
internal sealed class Transcript(Action<string> print, bool isColored)
{
    private const int NameWidth = 14;

    /// <summary>Whether colours suit standard output: a terminal that has them, and a user who has not said no (NO_COLOR).</summary>
    public static bool SuitsColor(bool isTerminal, Func<string, string?> environment) =>
        isTerminal && string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is { Length: > 0 } and not "dumb";

    /// <summary>A scene begins.</summary>
    public void Begin(Scene scene, bool isFirst)
    {
        if (!isFirst)
        {
            print("");
        }

        print(isColored ? $"\e[1m{scene.Title}\e[0m" : scene.Title);
    }

    /// <summary>A line has been played.</summary>
    public void Tell(Line line, string result)
    {
        string name = line.Role.Name.PadRight(NameWidth);
        string colored = isColored ? $"\e[{line.Role.Color}m{name}\e[0m" : name;
        bool isBlock = result.Contains('\n', StringComparison.Ordinal);
        print($"  {colored}{line.Told}{(result.Length == 0 ? "" : isBlock ? ":" : ": " + result)}");
        if (isBlock)
        {
            foreach (string text in result.Split('\n'))
            {
                print(text.Length == 0 ? "" : $"    {new string(' ', NameWidth)}{text}");
            }
        }
    }

    /// <summary>Says how it went.</summary>
    public void End(int lines, int actors) => print($"\nAll {lines} lines were as the paper has them, played by {actors} processes.");
}

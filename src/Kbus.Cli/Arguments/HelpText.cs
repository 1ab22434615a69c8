namespace Kbus.Cli;

/// <summary>The help of the command and of each verb, as lines for a terminal of some width.</summary>
/// <remarks>Examples are never broken, because they are there to be copied.</remarks>
internal static class HelpText
{
    /// <summary>The width where no terminal says another.</summary>
    public const int UsualWidth = 80;

    private const int MostWidth = 100;
    private const int LeastForColumns = 60;
    private const int Column = 22;
    private const int Margin = 2;
    private const int NarrowIndent = 6;

    /// <summary>The help of the whole command.</summary>
    public static List<string> OfAll(int width = UsualWidth) =>
    [
        .. Lines("kbus: messages between processes: send, listen, reply", width),
        "",
        "usage: kbus VERB [arguments]",
        "",
        .. Verbs.Shown.SelectMany(v => Entry(v.Name, v.Summary, width)),
        "",
        .. Lines("'kbus VERB --help' says more of a verb, and gives examples. 'kbus' alone shows the status.", width),
        .. Lines("A message name looks like $.Actor.Speak: put it in single quotes, or the shell may take it apart.", width),
        "",
        "exit codes:",
        .. ExitCodes().SelectMany(c => Entry(c.Code, c.Meaning, width)),
    ];

    /// <summary>The help of one verb.</summary>
    public static List<string> Of(Verb verb, int width = UsualWidth)
    {
        List<Option> options = [.. verb.Options.Where(o => !o.IsHidden), Options.Help];
        List<string> lines =
        [
            .. Lines($"kbus {verb.Name}: {verb.Summary}", width),
            "",
            $"usage: kbus {verb.Name}{(verb.Operands.Length > 0 ? " " + verb.Operands : "")} [options]",
        ];
        if (verb.Text.Length > 0)
        {
            lines.AddRange(["", .. Lines(verb.Text, width)]);
        }

        lines.AddRange(["", .. options.SelectMany(o => Entry(Written(o), o.Text, width)), "", "examples:", .. verb.Examples.Select(e => "  " + e)]);
        return lines;
    }

    /// <summary>An option as the help writes it: <c>-n, --count COUNT</c>.</summary>
    public static string Written(Option option) =>
        (option.Letter is { } letter ? $"-{letter}, " : "    ") + option + (option.TakesValue ? " " + option.Value : "");

    /// <summary>Something, and what it means beside it, or below it on a narrow terminal.</summary>
    public static IEnumerable<string> Entry(string left, string text, int width)
    {
        string beginning = "  " + left;
        int indent = Margin + Column + Margin;
        if (width < LeastForColumns)
        {
            return [beginning, .. Lines(text, width, NarrowIndent)];
        }

        return left.Length > Column
            ? [beginning, .. Lines(text, width, indent)]
            : WrappedText.Lines(text, Math.Min(width, MostWidth), beginning.PadRight(indent), indent);
    }

    private static IEnumerable<string> Lines(string text, int width, int indent = 0) =>
        WrappedText.Lines(text, Math.Min(width, MostWidth), new string(' ', indent), indent);

    private static IEnumerable<(string Code, string Meaning)> ExitCodes() =>
    [
        ("0", "done"),
        ("1", "refused or failed"),
        ("2", "wrong arguments"),
        ("3", "the time ran out"),
        ("4", "no such bus or no daemon"),
        ("5", "answered by a Status"),
        ("130, 143", "ended by Ctrl-C, SIGTERM"),
        ("141", "the reader of the output has gone"),
    ];
}

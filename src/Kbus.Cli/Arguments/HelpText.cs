namespace Kbus.Cli;

/// <summary>The help of the command and of each verb, as lines for a terminal.</summary>
internal static class HelpText
{
    private const int Column = 22;

    /// <summary>The help of the whole command.</summary>
    public static List<string> OfAll() =>
    [
        "kbus: messages between processes: send, listen, reply",
        "",
        "usage: kbus VERB [arguments]",
        "",
        .. Verbs.Shown.Select(v => Entry(v.Name, v.Summary)),
        "",
        "'kbus VERB --help' says more of a verb, and gives examples. 'kbus' alone shows the status.",
        "A message name looks like $.Actor.Speak: put it in single quotes, or the shell may take it apart.",
        "",
        .. ExitCodes(),
    ];

    /// <summary>The help of one verb.</summary>
    public static List<string> Of(Verb verb)
    {
        List<Option> options = [.. verb.Options.Where(o => !o.IsHidden), Options.Help];
        List<string> lines =
        [
            $"kbus {verb.Name}: {verb.Summary}",
            "",
            $"usage: kbus {verb.Name}{(verb.Operands.Length > 0 ? " " + verb.Operands : "")} [options]",
        ];
        if (verb.Text.Length > 0)
        {
            lines.AddRange(["", .. verb.Text.Split('\n')]);
        }

        lines.AddRange(["", .. options.Select(o => Entry(Written(o), o.Text)), "", "examples:", .. verb.Examples.Select(e => "  " + e)]);
        return lines;
    }

    /// <summary>An option as the help writes it: <c>-n, --count COUNT</c>.</summary>
    public static string Written(Option option) =>
        (option.Letter is { } letter ? $"-{letter}, " : "    ") + option + (option.TakesValue ? " " + option.Value : "");

    private static IEnumerable<string> ExitCodes() =>
    [
        "exit codes: 0 done, 1 refused or failed, 2 wrong arguments, 3 the time ran out, 4 no such bus or no daemon,",
        "            5 answered by a Status, 130 Ctrl-C, 143 SIGTERM, 141 the reader of the output has gone",
    ];

    private static string Entry(string left, string text) =>
        "  " + (left.Length > Column ? left + "  " : left.PadRight(Column + 2)) + text;
}

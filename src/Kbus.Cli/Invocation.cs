namespace Kbus.Cli;

/// <summary>One run of a verb: its arguments, and what it has around it.</summary>
/// <param name="Arguments">The command line taken apart.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error, for notes and errors.</param>
/// <param name="OpenInput">Opens standard input.</param>
/// <param name="Ending">Reports signals that end the command.</param>
/// <param name="Time">The source of time.</param>
internal sealed record Invocation(
    ParsedArguments Arguments, LineOutput Output, LineOutput Errors, Func<Stream> OpenInput, Ending Ending, TimeProvider Time)
{
    /// <summary>The verb's name.</summary>
    public string Verb => Arguments.Verb?.Name ?? "";

    /// <summary>How wide the terminal is that shows the output; null if it goes elsewhere.</summary>
    public int? Width => Output.Width(Environment.GetEnvironmentVariable);

    /// <summary>How wide a help text may be.</summary>
    public int HelpWidth => Width ?? HelpText.UsualWidth;

    /// <summary>Says something to people, beside the output, unless they want quiet.</summary>
    public void Note(string line)
    {
        if (!Arguments.Has(Options.Quiet))
        {
            Warn(line);
        }
    }

    /// <summary>Says to people that something is not as it should be, beside the output, in one line.</summary>
    public void Warn(string line) => Errors.WriteLine($"kbus: {TerminalText.Of(line)}");
}

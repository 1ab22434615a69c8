namespace Kbus.Cli;

/// <summary><c>kbus help</c>: the help of the command or of a verb.</summary>
internal static class HelpCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        IReadOnlyList<string> operands = invocation.Arguments.Operands;
        string? name = operands.Count > 0 ? operands[0] : null;
        Verb? verb = name is null ? null : Verbs.Find(name) ?? throw CommandException.Usage($"'{name}' is not a verb.");
        (verb is null ? HelpText.OfAll(invocation.HelpWidth) : HelpText.Of(verb, invocation.HelpWidth)).ForEach(invocation.Output.WriteLine);
        return ExitCode.Done;
    }
}

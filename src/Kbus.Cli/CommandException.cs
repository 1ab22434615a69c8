namespace Kbus.Cli;

/// <summary>The command ends with an exit code and, mostly, one line for people: what happened, what it means, what to do.</summary>
internal sealed class CommandException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="exitCode">One of <see cref="Kbus.Cli.ExitCode"/>.</param>
    /// <param name="message">One line; empty for an end without a word.</param>
    /// <param name="innerException">The cause, if any.</param>
    public CommandException(int exitCode, string message, Exception? innerException = null)
        : base(message, innerException) => ExitCode = exitCode;

    /// <summary>The exit code.</summary>
    public int ExitCode { get; }

    /// <summary>The arguments make no sense.</summary>
    /// <param name="message">The fault in them.</param>
    /// <param name="verb">The verb whose help says more; empty for the command's own.</param>
    public static CommandException Usage(string message, string verb = "") =>
        new(Cli.ExitCode.Usage, $"{message} See kbus {(verb.Length == 0 ? "" : verb + " ")}--help.");
}

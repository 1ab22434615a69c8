namespace Kbus.Cli;

/// <summary>The meaning of the command's exit code for a script. The same for every verb; <c>docs/commands.md</c> has the table.</summary>
internal static class ExitCode
{
    /// <summary>All was done.</summary>
    public const int Done = 0;

    /// <summary>It was refused, or it failed; nothing was sent.</summary>
    public const int Failed = 1;

    /// <summary>The arguments make no sense.</summary>
    public const int Usage = 2;

    /// <summary>The time ran out first.</summary>
    public const int TimedOut = 3;

    /// <summary>There is no such bus, or no daemon answers, or the bus has died.</summary>
    public const int NoBus = 4;

    /// <summary>A Request was answered by a Status: the bus answered in the place of the replier.</summary>
    public const int AnsweredByStatus = 5;

    /// <summary>A Limpet's link closed a ring of buses.</summary>
    public const int Ring = 6;

    /// <summary>A server sent a Limpet away.</summary>
    public const int Refused = 7;

    /// <summary>The reader of the output has gone: the code of a program that died of SIGPIPE.</summary>
    public const int BrokenPipe = 141;

    /// <summary>A signal of this number ended it, as a shell would say; 130 for Ctrl-C, 143 for SIGTERM.</summary>
    public static int OfSignal(int number) => 128 + number;
}

namespace Kbus.Cli;

/// <summary><c>kbus completion</c>: prints the file that makes a shell complete this command's arguments.</summary>
internal static class CompletionCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        string shell = invocation.Arguments.Operands[0];
        string text = ShellCompletion.For(shell)
            ?? throw CommandException.Usage($"'{shell}' is not a shell that completion can be made for: {string.Join(", ", ShellCompletion.Shells)}.", invocation.Verb);
        invocation.Output.WriteLine(text);
        return ExitCode.Done;
    }
}

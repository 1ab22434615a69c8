namespace Kbus.Cli;

/// <summary><c>kbus __complete WORD...</c>: what the last word can be completed to, one on a line, a tab and a description after
/// it.</summary>
/// <remarks>For the files that <c>kbus completion</c> prints. Whatever is wrong, it prints less and says nothing: nobody asked for an
/// error.</remarks>
internal static class CompleteCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var completer = new Completer(invocation.Arguments.Operands, Ask);
        foreach ((string word, string description) in completer.Complete())
        {
            invocation.Output.WriteLine($"{word}\t{description}");
        }

        return ExitCode.Done;
    }

    private static DaemonStatus? Ask(string? directory)
    {
        try
        {
            return DaemonStatus.Read(DaemonQuestion.Status(DaemonPlaces.Find(directory, Environment.GetEnvironmentVariable)));
        }
        catch (CommandException)
        {
            return null;
        }
    }
}

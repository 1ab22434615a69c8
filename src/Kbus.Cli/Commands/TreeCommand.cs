namespace Kbus.Cli;

/// <summary><c>kbus tree</c>: the names of a bus as a tree, with who replies and who listens.</summary>
internal static class TreeCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        foreach (string line in NameTree.Of(BusStatus.Ask(invocation, invocation.Arguments.Number(Options.Bus) ?? 0)).Lines())
        {
            invocation.Output.WriteLine(line);
        }

        return ExitCode.Done;
    }
}

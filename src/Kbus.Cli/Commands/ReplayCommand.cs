namespace Kbus.Cli;

/// <summary><c>kbus replay</c>: sends the announcements and Requests of a recording again.</summary>
internal static class ReplayCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        using var replayer = new Replayer(invocation);
        try
        {
            return replayer.Run();
        }
        finally
        {
            replayer.Dispose();
            if (replayer.FaultText is { } fault)
            {
                invocation.Warn(fault);
            }

            foreach (string line in replayer.Count.Lines())
            {
                invocation.Output.WriteLine(line);
            }
        }
    }
}

namespace Kbus.Cli;

/// <summary><c>kbus</c> alone: how to begin, and the status if a daemon answers.</summary>
internal static class OverviewCommand
{
    private const string Beginning = """
        kbus: messages between processes: send, listen, reply

          kbus listen '$.Actor.*'             in one terminal: hears what is sent
          kbus send '$.Actor.Speak' 'Ahem'    in another
          kbus --help                         everything else

        """;

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        invocation.Output.WriteLine(Beginning);
        try
        {
            byte[] document = DaemonQuestion.Status(DaemonPlaces.Find(named: null, Environment.GetEnvironmentVariable));
            foreach (string line in StatusText.Lines(DaemonStatus.Read(document)))
            {
                invocation.Output.WriteLine(line);
            }
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.NoBus)
        {
            invocation.Output.WriteLine($"At present {e.Message}");
        }

        return ExitCode.Done;
    }
}

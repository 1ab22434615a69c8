namespace Kbus.Cli;

/// <summary><c>kbus</c> alone: how to begin, and the status if a daemon answers.</summary>
internal static class OverviewCommand
{
    private static readonly (string Command, string Meaning)[] Beginnings =
    [
        ("kbus listen '$.Actor.*'", "in one terminal: hears what is sent"),
        ("kbus send '$.Actor.Speak' 'Ahem'", "in another"),
        ("kbus --help", "everything else"),
    ];

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        int width = invocation.HelpWidth;
        LineOutput output = invocation.Output;
        foreach (string line in WrappedText.Lines("kbus: messages between processes: send, listen, reply", width))
        {
            output.WriteLine(line);
        }

        output.WriteLine("");
        int column = Beginnings.Max(b => b.Command.Length);
        foreach ((string command, string meaning) in Beginnings)
        {
            string line = $"  {command.PadRight(column)}  {meaning}";
            output.WriteLine(line.Length <= width ? line : $"  {command}\n      {meaning}");
        }

        output.WriteLine("");
        try
        {
            byte[] document = DaemonQuestion.Status(DaemonPlaces.Find(named: null, Environment.GetEnvironmentVariable));
            foreach (string line in new StatusText(new KsockFilter(null, null, null), invocation.Width).Lines(DaemonStatus.Read(document)))
            {
                output.WriteLine(line);
            }
        }
        catch (CommandException e) when (e.ExitCode is ExitCode.NoBus or ExitCode.Failed)
        {
            foreach (string line in WrappedText.Lines($"At present {TerminalText.Of(e.Message)}", invocation.Width ?? int.MaxValue))
            {
                output.WriteLine(line);
            }
        }

        return ExitCode.Done;
    }
}

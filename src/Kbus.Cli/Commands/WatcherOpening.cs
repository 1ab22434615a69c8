namespace Kbus.Cli;

/// <summary>Begins to watch the bus that the options name.</summary>
internal static class WatcherOpening
{
    // As large as there are: whoever watches a busy bus does not want to lose anything.
    private const int LargestBuffer = 16 * 1024 * 1024;

    /// <summary>Opens a watcher.</summary>
    /// <param name="invocation">Has the options.</param>
    /// <param name="withData">Whether the data of messages is wanted, too.</param>
    /// <exception cref="CommandException">There is no such bus, or it may not be watched.</exception>
    public static BusWatcher Open(Invocation invocation, bool withData)
    {
        ParsedArguments arguments = invocation.Arguments;
        var options = new BusWatcherOptions
        {
            RuntimeDirectory = arguments.Text(Options.RuntimeDir),
            WithData = withData,
            BufferSize = LargestBuffer,
        };
        try
        {
            return BusWatcher.Open(arguments.Number(Options.Bus) ?? 0, options);
        }
        catch (KbusException e)
        {
            throw new CommandException(e.Errno is Errno.EPERM or Errno.EDQUOT ? ExitCode.Failed : ExitCode.NoBus, e.Message, e);
        }
    }

    /// <summary>Reports to people, and to <c>--ready-fd</c>, that everything that happens from now on is seen.</summary>
    public static void TellReady(Invocation invocation, string what, BusWatcher watcher)
    {
        invocation.Note(what);
        if (invocation.Arguments.Number(Options.ReadyFd) is { } descriptor)
        {
            var ready = new LineOutput((int)descriptor);
            ready.WriteLine($"{watcher.Bus}");
            ready.Close();
        }
    }
}

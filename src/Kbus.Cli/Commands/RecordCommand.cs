namespace Kbus.Cli;

/// <summary><c>kbus record</c>: writes everything that happens on a bus to a file.</summary>
internal static class RecordCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var files = new RecordingFiles(invocation);
        using BusWatcher watcher = WatcherOpening.Open(invocation, withData: !invocation.Arguments.Has(Options.HeadersOnly));
        using var recorder = new Recorder(invocation, watcher, files);

        // What the bus has written until then is still recorded.
        invocation.Ending.Add(watcher.HangUp);
        try
        {
            return recorder.Run();
        }
        catch (CommandException e) when (invocation.Ending.ExitCode is not null && e.Message.Length > 0)
        {
            // The signal is not the cause of it, so it must not hide it.
            invocation.Warn(e.Message);
            return e.ExitCode;
        }
        finally
        {
            recorder.Dispose();
            if (recorder.Lost > 0)
            {
                invocation.Warn(recorder.Sum + ".");
            }
            else if (recorder.HasEnded)
            {
                invocation.Note(recorder.Sum + ".");
            }
        }
    }
}

namespace Kbus.Cli;

/// <summary><c>kbus show</c>: what <c>kbus monitor</c> would have shown, from a recording.</summary>
internal static class ShowCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        bool withData = arguments.Has(Options.WithData) || arguments.Has(Options.Full) || arguments.Has(Options.Data);
        RecordingReader? opened = null;
        var printer = new EventPrinter(invocation, ksock => opened!.ProgramOf(ksock), [.. arguments.Operands.Skip(1)]);
        using RecordingReader reader = opened = RecordingReader.Open(invocation, arguments.Operands[0], withData);
        invocation.Output.Hold();
        try
        {
            while (!printer.Limit.IsReached && reader.TryNext(out BusEvent? busEvent))
            {
                if (reader.IsNew)
                {
                    printer.Clear();
                }

                printer.Print(busEvent);
            }
        }
        finally
        {
            invocation.Output.Release();
        }

        printer.Sum();
        return Tell(invocation, reader);
    }

    /// <summary>Says what is wrong with a recording, if it could not be read to its end.</summary>
    /// <returns>The exit code: 0 also for one that was cut off.</returns>
    public static int Tell(Invocation invocation, RecordingReader reader)
    {
        if (reader.FaultText is { } fault)
        {
            invocation.Warn(fault);
        }

        return reader.Fault is RecordingFault.Damaged or RecordingFault.Unreadable ? ExitCode.Failed : ExitCode.Done;
    }
}

namespace Kbus.Cli;

/// <summary>Opens the one Ksock of a verb, on the bus that the options name.</summary>
internal static class KsockOpening
{
    /// <summary>Opens it; a signal closes it, which ends every call that waits on it.</summary>
    /// <exception cref="CommandException">There is no such bus.</exception>
    public static Ksock Open(Invocation invocation, KsockMode mode)
    {
        uint bus = invocation.Arguments.Number(Options.Bus) ?? 0;
        var options = new KsockOptions { RuntimeDirectory = invocation.Arguments.Text(Options.RuntimeDir) };
        try
        {
            Ksock ksock = Ksock.Open(bus, mode, options);
            invocation.Ending.Add(ksock.Dispose);
            return ksock;
        }
        catch (KbusException e)
        {
            throw new CommandException(ExitCode.NoBus, e.Message, e);
        }
    }

    /// <summary>Reports to people, and to <c>--ready-fd</c>, that everything that is sent from now on will be received.</summary>
    public static void TellReady(Invocation invocation, Ksock ksock, string what)
    {
        invocation.Note($"{what}, as Ksock {ksock.Id} of bus {ksock.Device}.");
        if (invocation.Arguments.Number(Options.ReadyFd) is { } descriptor)
        {
            var ready = new LineOutput((int)descriptor);
            ready.WriteLine($"{ksock.Id}");
            ready.Close();
        }
    }
}

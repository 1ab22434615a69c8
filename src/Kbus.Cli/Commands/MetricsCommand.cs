using System.Net;

namespace Kbus.Cli;

/// <summary><c>kbus metrics</c>: what the daemon and the Limpets here count, as Prometheus reads it; once, or over HTTP.</summary>
internal static class MetricsCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        bool withNames = invocation.Arguments.Has(Options.EachName);
        IReadOnlyList<string> places = DaemonPlaces.Find(invocation.Arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable);
        if (invocation.Arguments.Text(Options.ListenAt) is { } address)
        {
            using var page = MetricsPage.Open(AddressOf(address, invocation.Verb), () => [.. OfDaemonOrDown(places, withNames), .. OfLimpets(places)]);
            Action close = page.Dispose;
            invocation.Ending.Add(close);
            invocation.Note($"Serving http://{page.Address}/metrics.");
            page.Serve();
            throw new OperationCanceledException("A signal came.");
        }

        foreach (string line in OfDaemon(places, withNames).Concat(OfLimpets(places)))
        {
            invocation.Output.WriteLine(line);
        }

        return ExitCode.Done;
    }

    private static IReadOnlyList<string> OfDaemon(IReadOnlyList<string> places, bool withNames) =>
        DaemonMetrics.Lines(DaemonStatus.Read(DaemonQuestion.Status(places)), withNames);

    /// <summary>Whoever scrapes is to see that kbusd does not answer, and go on.</summary>
    private static IReadOnlyList<string> OfDaemonOrDown(IReadOnlyList<string> places, bool withNames)
    {
        try
        {
            return OfDaemon(places, withNames);
        }
        catch (CommandException)
        {
            return DaemonMetrics.Down;
        }
    }

    private static IEnumerable<string> OfLimpets(IReadOnlyList<string> places) => LimpetMetrics.Lines(LimpetQuestion.Ask(places));

    private static IPEndPoint AddressOf(string text, string verb)
    {
        bool isPort = ushort.TryParse(text, out ushort port);
        return isPort ? new IPEndPoint(IPAddress.Loopback, port)
            : IPEndPoint.TryParse(text, out IPEndPoint? address) && text.EndsWith($":{address.Port}", StringComparison.Ordinal) ? address
            : throw CommandException.Usage($"{Options.ListenAt} takes a port, or an IP address and a port such as 127.0.0.1:9464, and not '{text}'.", verb);
    }
}

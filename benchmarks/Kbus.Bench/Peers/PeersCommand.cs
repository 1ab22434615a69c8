using System.Runtime.InteropServices;

namespace Kbus.Bench.Peers;

/// <summary><c>./bench peers</c>: the rounds, from bringing what is needed to showing what was found.</summary>
internal static class PeersCommand
{
    /// <summary>The command line's name for it.</summary>
    public const string Name = "peers";

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0, 1 if something broke, 2 if the command line cannot be understood, 130 if it was interrupted.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is ["-h"] or ["--help"])
        {
            Console.WriteLine(PeersOptions.Usage);
            Console.WriteLine("peers:");
            AllPeers.List.ToList().ForEach(p => Console.WriteLine($"  {p.Name,-16} {p.Notes}"));
            Console.WriteLine("measurements:");
            PeerMeasurement.All.ToList().ForEach(m => Console.WriteLine($"  {m.Name,-16} {m.Title} ({m.Unit})"));
            return 0;
        }

        PeersOptions options;
        try
        {
            options = PeersOptions.Parse(arguments);
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        Results results = Measure(options);
        string text = ResultText.Of(results);
        Console.Out.Write(options.Json ? ResultJson.Of(results) : text);
        if (options.Save)
        {
            Say($"saved: {SavedResults.Write(results)}");
        }

        return results.Series.Any(s => s.Fault is not null) ? 1 : 0;
    }

    private static Results Measure(PeersOptions options)
    {
        var series = new List<Series>();
        var missing = new List<MissingPeer>();
        foreach (Peer peer in AllPeers.List)
        {
            PeerMeasurement[] wanted = [.. PeerMeasurement.All.Where(m => m.IsFor(peer) && options.Wants(m, peer))];
            if (wanted.Length > 0 && Prepare(peer) is { } reason)
            {
                Say($"{peer.Name} is missing: {reason}");
                missing.Add(new MissingPeer(peer.Name, reason));
            }
            else
            {
                series.AddRange(wanted.Select(m => new Series(m, peer)));
            }
        }

        // One measurement of all peers, then the next measurement; and all of that again in the next round.
        series = [.. series.OrderBy(s => Index(s.Measurement))];
        for (int round = 1; round <= options.Durations.Rounds; round++)
        {
            foreach (Series one in series)
            {
                Say($"round {round} of {options.Durations.Rounds}: {one.Measurement.Name}, {one.Peer.Name}");
                MeasureOnce(one, options.Durations);
            }
        }

        return new Results(Machine.Look(AllPeers.List), options.Durations.Rounds, series, missing);
    }

    private static int Index(PeerMeasurement measurement) => PeerMeasurement.All.ToList().IndexOf(measurement);

    /// <summary>Brings what a peer needs, and compiles its client.</summary>
    /// <returns>Null if it can be measured, otherwise why not.</returns>
    public static string? Prepare(Peer peer)
    {
        if (peer.Client.Length == 0)
        {
            return null;
        }

        try
        {
            string? reason = Packages.Bring([.. NativeClients.Needs, .. peer.Needs], Say);
            if (reason is null && peer.Client != PythonClient.Name)
            {
                NativeClients.Compile(peer);
            }

            return reason;
        }
        catch (PeerException e)
        {
            return e.Message;
        }
    }

    private static void MeasureOnce(Series series, Durations durations)
    {
        try
        {
            series.Add(series.Measurement.Run(series.Peer, durations));
        }
        catch (Exception e) when (e is PeerException or KbusException or IOException)
        {
            series.Fault = e.Message;
            Say($"{series.Peer.Name}: {series.Measurement.Name} broke: {e.Message}");
        }
    }

    /// <summary>Says on standard error how far it is, so that standard output has only results.</summary>
    private static void Say(string text) => Console.Error.WriteLine(text);

    private static void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        Scene.EndAll();
        Environment.Exit(130);
    }
}

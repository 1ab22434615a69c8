using System.Runtime.InteropServices;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Pace;

/// <summary><c>./bench pace</c>: Requests at the pace of real programs.</summary>
internal static class PaceCommand
{
    /// <summary>The command line's name for it.</summary>
    public const string Name = "pace";

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0, 1 if something broke, 2 if the command line cannot be understood, 130 if it was interrupted.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is ["-h"] or ["--help"])
        {
            Console.WriteLine(PaceOptions.Usage);
            Console.WriteLine("peers:");
            new PaceOptions().Peers.ToList().ForEach(p => Console.WriteLine($"  {p.Name,-16} {p.Notes}"));
            return 0;
        }

        PaceOptions options;
        try
        {
            options = PaceOptions.Parse(arguments);
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        PaceResults results = Measure(options);
        Console.Out.Write(options.Json ? PaceJson.Of(results) : PaceText.Of(results));
        if (options.Svg is { } picture)
        {
            File.WriteAllText(picture, Picture.Draw(PacePicture.ChartsOf(results)));
        }

        return results.Series.Any(s => s.Fault is not null) ? 1 : 0;
    }

    private static PaceResults Measure(PaceOptions options)
    {
        var missing = new List<MissingPeer>();
        var peers = new List<Peer>();
        string? spinner = PeersCommand.Prepare(AllPeers.List.First(p => p.IsRaw));
        foreach (Peer peer in options.Peers)
        {
            string? reason = spinner ?? PeersCommand.Prepare(peer);
            if (reason is null)
            {
                peers.Add(peer);
            }
            else
            {
                Say($"{peer.Name} is missing: {reason}");
                missing.Add(new MissingPeer(peer.Name, reason));
            }
        }

        PaceSeries[] all = [.. options.Situations.SelectMany(s => peers.Select(p => new PaceSeries(s, p)))];
        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (PaceSeries series in all)
            {
                Say($"round {round} of {options.Rounds}: {series.Situation.SurroundingsText}, {series.Situation.PaceText}, {series.Peer.Name}");
                MeasureOnce(series, options);
            }
        }

        return new PaceResults(Machine.Look(peers), options.Rounds, all, missing);
    }

    private static void MeasureOnce(PaceSeries series, PaceOptions options)
    {
        try
        {
            series.Add(PaceRun.Measure(series.Peer, series.Situation, options));
        }
        catch (Exception e) when (e is PeerException or KbusException or IOException)
        {
            series.Fault = e.Message;
            Say($"{series.Peer.Name} broke: {e.Message}");
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

/// <summary>Everything that was found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Rounds">How often each measurement was made.</param>
/// <param name="Series">The figures.</param>
/// <param name="Missing">Peers that could not be measured.</param>
internal sealed record PaceResults(Machine Machine, int Rounds, IReadOnlyList<PaceSeries> Series, IReadOnlyList<MissingPeer> Missing);

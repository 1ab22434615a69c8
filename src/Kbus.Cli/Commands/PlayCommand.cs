using Kbus.Play;

namespace Kbus.Cli;

/// <summary><c>kbus play</c>: the director, or with <c>--actor</c> one of its actors.</summary>
internal static class PlayCommand
{
    private const uint LeastBowls = 2;
    private const int MostBowls = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        if (invocation.Arguments.Has(Options.Actor))
        {
            // Ctrl-C, which a terminal sends to all, is the director's.
            invocation.Ending.Add(() => { });
            ActorProcess.Run(invocation.OpenInput(), invocation.Output.WriteLine);
            return ExitCode.Done;
        }

        try
        {
            return Direct(invocation);
        }
        catch (PlayException e)
        {
            string why = e.InnerException is { } cause ? SystemFault.Describe(cause) : "";
            throw new CommandException(e.IsWithoutBus ? ExitCode.NoBus : ExitCode.Failed, e.Message + why, e);
        }
    }

    private static int Direct(Invocation invocation)
    {
        bool isColored = Transcript.SuitsColor(invocation.Output.IsTerminal, Environment.GetEnvironmentVariable);
        var transcript = new Transcript(invocation.Output.WriteLine, isColored);

        int buses = (int)(invocation.Arguments.Number(Options.Bowls, least: LeastBowls) ?? 1);
        if (buses > MostBowls)
        {
            throw CommandException.Usage($"{Options.Bowls}: there are {LeastBowls} to {MostBowls} bowls.", invocation.Verb);
        }

        using var pace = new Pace(invocation);
        IReadOnlyList<Scene> scenes = buses == 1 ? Script.Scenes : new BowlScript(buses).Scenes;

        // From here on a signal does not end us at once, or the daemon that is being started would stay behind.
        invocation.Ending.Add(() => { });
        using var company = new Company(buses);
        using var limit = new CancellationTokenSource(pace.Limit(Limit, scenes.Sum(s => s.Lines.Count)));
        using CancellationTokenRegistration stopping = limit.Token.Register(company.Stop);
        invocation.Ending.Add(company.Stop);
        bool isAsInPaper = Performance.Play(scenes, company.Perform, transcript, invocation.Errors.WriteLine, pace.Wait);
        return invocation.Ending.ExitCode ?? (isAsInPaper ? ExitCode.Done : ExitCode.Failed);
    }
}

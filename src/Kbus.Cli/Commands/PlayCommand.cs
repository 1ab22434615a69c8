namespace Kbus.Cli;

/// <summary><c>kbus play</c>: the director, or with <c>--actor</c> one of its actors.</summary>
internal static class PlayCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        if (invocation.Arguments.Has(Options.Actor))
        {
            return ActorProcess.Run(invocation);
        }

        var transcript = new Transcript(invocation.Output, Transcript.SuitsColor(invocation.Output.IsTerminal, Environment.GetEnvironmentVariable));

        // From here on a signal does not end us at once, or the daemon that is being started would stay behind.
        invocation.Ending.Add(() => { });
        using var company = new Company();
        using var limit = new CancellationTokenSource(Limit);
        using CancellationTokenRegistration stopping = limit.Token.Register(company.Stop);
        invocation.Ending.Add(company.Stop);
        int exitCode = Performance.Play(Script.Scenes, company.Perform, transcript, invocation.Errors);
        return invocation.Ending.ExitCode ?? exitCode;
    }
}

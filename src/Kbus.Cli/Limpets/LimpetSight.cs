using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>How Limpets are seen: each answers at a socket of its own, and these commands ask all that run here.</summary>
internal static class LimpetSight
{
    /// <summary>Begins to answer for a Limpet of this process.</summary>
    /// <param name="invocation">Names the runtime directory.</param>
    /// <param name="report">Gives the report.</param>
    /// <param name="options">The receivers of what a person should know.</param>
    public static StateSocket Open(Invocation invocation, Func<LimpetReport> report, LimpetOptions options) => new(Places(invocation), report, options);

    /// <summary>Asks all Limpets of the runtime directories.</summary>
    public static IReadOnlyList<LimpetAnswer> Ask(Invocation invocation) => LimpetQuestion.Ask(Places(invocation));

    /// <summary><c>kbus limpet --health [WHICH]</c>: one line, and exit code 1 if something is not as it should be.</summary>
    public static int Health(Invocation invocation)
    {
        CheckAlone(invocation, Options.Health, operands: 1);
        string? which = invocation.Arguments.Operands is [string one] ? one : null;
        LimpetHealth health = LimpetHealth.Of(Ask(invocation), which, Places(invocation));
        invocation.Output.WriteLine(health.Line);
        return health.IsGood ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary><c>kbus limpet --metrics</c>: what all Limpets carry, for Prometheus.</summary>
    public static int Metrics(Invocation invocation)
    {
        CheckAlone(invocation, Options.Metrics, operands: 0);
        foreach (string line in LimpetMetrics.Lines(Ask(invocation)))
        {
            invocation.Output.WriteLine(line);
        }

        return ExitCode.Done;
    }

    private static IReadOnlyList<string> Places(Invocation invocation) =>
        DaemonPlaces.Find(invocation.Arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable);

    private static void CheckAlone(Invocation invocation, Option option, int operands)
    {
        ParsedArguments arguments = invocation.Arguments;
        Option? other = arguments.Verb!.Options.FirstOrDefault(o => arguments.Has(o) && o.Name != option.Name && o.Name != Options.RuntimeDir.Name);
        if (other is not null || arguments.Operands.Count > operands)
        {
            throw CommandException.Usage($"{option} asks Limpets that run, so {(other is null ? $"'{arguments.Operands[^1]}'" : $"{other}")} cannot be given as well.", invocation.Verb);
        }
    }
}

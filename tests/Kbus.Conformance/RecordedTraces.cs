using Kbus.Replay;

namespace Kbus.Conformance;

/// <summary>The recorded traces beside this project, and how a test plays one of them.</summary>
internal static class RecordedTraces
{
    /// <summary>What one trace may take on a slow machine; the longest has some thousand operations.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private static readonly Dictionary<string, string> Texts =
        TraceReader.ReadTexts(Path.Combine(AppContext.BaseDirectory, "traces.tar.br")).ToDictionary(t => t.File, t => t.Text);

    /// <summary>The names of all traces, one test case each.</summary>
    public static IEnumerable<string> Names => Texts.Keys.Order(StringComparer.Ordinal);

    /// <summary>Fails with the first difference if the trace does not play identically on the host of that name.</summary>
    public static async Task AssertIdentical(string name, string host)
    {
        ITraceHostFactory factory = TraceHosts.Find(host);
        Trace trace = TraceReader.Parse(name, Texts[name]);
        using var stop = new CancellationTokenSource(Limit);
        Task<Difference?> playing = Task.Run(() => TracePlayer.Play(trace, factory, stop.Token), CancellationToken.None);
        Difference? difference = await playing.WaitAsync(2 * Limit, CancellationToken.None);
        Assert.True(difference is null, difference?.ToString());
    }
}

namespace Kbus.Conformance;

/// <summary>Over a link to the daemon the bus behaves as recorded, too.</summary>
public sealed class TracesInKbusd
{
    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_in_kbusd(string trace) => RecordedTraces.AssertIdentical(trace, "kbusd");
}

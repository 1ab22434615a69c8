namespace Kbus.Conformance;

/// <summary>Through the C library the bus behaves as recorded, too.</summary>
public sealed class TracesInC
{
    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_in_c(string trace) => RecordedTraces.AssertIdentical(trace, "c");
}

namespace Kbus.Conformance;

/// <summary>A bus each of whose operations goes through a log behaves as recorded, too, and so does a second replica beside it.</summary>
public sealed class TracesInReplicas
{
    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_through_a_log(string trace) => RecordedTraces.AssertIdentical(trace, "sequenced");
}

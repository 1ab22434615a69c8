namespace Kbus.Conformance;

/// <summary>A bus each of whose operations goes through a log behaves as recorded, too, and so does a second replica beside it.</summary>
public sealed class TracesInReplicas
{
    private const int OneIn = 4;

    public static TheoryData<string> SomeNames => [.. RecordedTraces.Names.Where((_, i) => i % OneIn == 0)];

    public static TheoryData<string> OtherNames => [.. RecordedTraces.Names.Where((_, i) => i % OneIn != 0)];

    [Theory]
    [MemberData(nameof(SomeNames))]
    public Task A_recorded_trace_plays_identically_through_a_log(string trace) => RecordedTraces.AssertIdentical(trace, "sequenced");

    [Theory]
    [MemberData(nameof(OtherNames))]
    [Trait("Length", "long")]
    public Task Every_other_recorded_trace_plays_identically_through_a_log(string trace) => RecordedTraces.AssertIdentical(trace, "sequenced");
}

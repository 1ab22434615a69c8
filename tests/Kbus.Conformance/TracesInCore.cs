namespace Kbus.Conformance;

/// <summary>The bus itself behaves as recorded, without anything that carries operations to it.</summary>
public sealed class TracesInCore
{
    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_in_core(string trace) => RecordedTraces.AssertIdentical(trace, "core");
}

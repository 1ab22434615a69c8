namespace Kbus.Conformance;

/// <summary>Through the Python package the bus behaves as recorded, too.</summary>
public sealed class TracesInPython
{
    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_in_python(string trace) => RecordedTraces.AssertIdentical(trace, "python");
}

using Kbus.Replay;

namespace Kbus.Conformance;

/// <summary>Device files behave as recorded, to programs that use nothing but system calls.</summary>
/// <remarks>
/// Alone, after all else: a process that is just being started for another test would hold a copy of every descriptor until it has
/// begun, and what a trace closes would not be closed when the trace goes on.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class TracesInDevices
{
    private const int OneIn = 10;

    public static TheoryData<string> Names => [.. RecordedTraces.Names];

    public static TheoryData<string> SomeNames => [.. RecordedTraces.Names.Where((_, i) => i % OneIn == 0)];

    public static TheoryData<string> OtherNames => [.. RecordedTraces.Names.Where((_, i) => i % OneIn != 0)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_recorded_trace_plays_identically_on_device_files(string trace)
    {
        Assert.SkipUnless(DeviceSupport.WhyNot is null, $"No device files on this machine: {DeviceSupport.WhyNot}.");
        return RecordedTraces.AssertIdentical(trace, "devices");
    }

    [Theory]
    [MemberData(nameof(SomeNames))]
    public Task A_recorded_trace_plays_identically_on_device_files_through_a_log(string trace) => PlayThroughLog(trace);

    [Theory]
    [MemberData(nameof(OtherNames))]
    [Trait("Length", "long")]
    public Task Every_other_recorded_trace_plays_identically_on_device_files_through_a_log(string trace) => PlayThroughLog(trace);

    private static Task PlayThroughLog(string trace)
    {
        Assert.SkipUnless(DeviceSupport.WhyNot is null, $"No device files on this machine: {DeviceSupport.WhyNot}.");
        return RecordedTraces.AssertIdentical(trace, "sequenced-devices");
    }
}

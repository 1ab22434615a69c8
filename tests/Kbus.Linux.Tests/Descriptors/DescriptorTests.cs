using System.Runtime.InteropServices;

namespace Kbus.Linux.Tests;

public sealed partial class DescriptorTests
{
    [Fact]
    public void A_descriptor_disposed_of_twice_closes_nobody_elses()
    {
        var first = new Descriptor(Check.Ok(LibC.CreateEvent()));
        int number = first.Number;
        first.Dispose();
        using var second = new Descriptor(Check.Ok(LibC.CreateEvent()));

        // Linux gives out the lowest free number, so another test at the same time can take it; then there is nothing to see.
        first.Dispose();
        Assert.True(second.Number != number || LibC.SignalEvent(number) == 0);
        Check.Ok(LibC.SignalEvent(second.Number));
    }

    [Fact]
    public void A_closed_descriptor_has_no_number()
    {
        var descriptor = new Descriptor(Check.Ok(LibC.CreateEvent()));
        Assert.True(descriptor.IsOpen);
        descriptor.Dispose();
        Assert.False(descriptor.IsOpen);
        Assert.Throws<ObjectDisposedException>(() => descriptor.Number);
        Assert.Equal(-1, descriptor.Release());
    }

    [Fact]
    public void A_released_descriptor_stays_open()
    {
        var descriptor = new Descriptor(Check.Ok(LibC.CreateEvent()));
        int number = descriptor.Release();
        descriptor.Dispose();
        Check.Ok(LibC.SignalEvent(number));
        Check.Ok(LibC.Close(number));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_descriptor_whose_number_is_another_files_is_not_closed(bool isCounter, bool isOtherCounter)
    {
        var ours = new Descriptor(Made(isCounter));
        ours.Identify(isCounter);
        Assert.True(ours.IsOurs);
        Assert.True(ours.IsSurelyOurs);
        int number = ours.Number;
        int other = Made(isOtherCounter);
        Check.Ok(Duplicate(other, number));
        Check.Ok(LibC.Close(other));
        Assert.False(ours.IsOurs);
        Assert.False(ours.IsSurelyOurs);
        ours.Dispose();
        Check.Ok(LibC.Close(number));
    }

    [Fact]
    public void A_descriptor_that_was_given_up_is_not_closed_and_calls_with_it_fail_at_once()
    {
        var ours = new Descriptor(Made(isCounter: true));
        int number = ours.Number;
        ours.GiveUp();
        Assert.Equal(LibC.PollInvalid, LibC.Poll(ours.Number, LibC.PollIn, LibC.Forever));
        ours.Dispose();
        Check.Ok(LibC.Close(number));
    }

    private static int Made(bool isCounter) => Check.Ok(isCounter ? LibC.CreateEvent() : LibC.CreateMemoryFile("test"));

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}

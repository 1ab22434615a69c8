namespace Kbus.Link.Tests;

public sealed class DescriptorTests
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
}

namespace Kbus.Core.Tests;

/// <summary>What a process takes by itself, without an operation.</summary>
public sealed class TakenMessagesTests
{
    [Fact]
    public void Messages_that_were_taken_are_given_up_before_long_however_long_a_queue_may_be()
    {
        var bus = new Bus(new BusOptions { DefaultMaxMessages = uint.MaxValue });
        KsockState sender = bus.Open(canWrite: true, new QuietCarrier());
        var carrier = new SelfTakingCarrier();
        KsockState listener = bus.Open(canWrite: false, carrier);
        carrier.Attach(bus, listener);
        bus.Bind(listener, "$.A"u8, isReplier: false);
        for (int i = 0; i < 10_000; i++)
        {
            Assert.Equal(Errno.None, bus.Send(sender, bus.Pool.Compose(default, "$.A"u8, default), out _));
            Assert.True(carrier.TryTake(out _));
            Assert.InRange(bus.Pool.Lent, 0, 32);
        }
    }
}

using System.Globalization;
using System.Text;

namespace Kbus.Core.Tests;

/// <summary>How much work one operation makes, in steps of the bus and in calls of its carriers, where a member chooses how many there are of something.</summary>
public sealed class WorkTests
{
    private readonly Bus _bus = new(new BusOptions { DefaultMaxMessages = 1_000_000, MaxBindings = int.MaxValue, MaxRepeats = int.MaxValue, MaxNameBytes = long.MaxValue / 2 });

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1000)]
    public void An_urgent_message_changes_the_front_of_a_queue_once_however_often_its_name_is_bound(int times)
    {
        var carrier = new CountingCarrier();
        KsockState listener = _bus.Open(canWrite: true, carrier);
        KsockState sender = _bus.Open(canWrite: true, new QuietCarrier());
        BindOften(listener, times);
        Send(sender, "$.U", MessageFlags.None);
        ulong before = _bus.Steps;

        Send(sender, "$.U", MessageFlags.Urgent);

        Assert.Equal((1, 1, times), (carrier.Freezes, carrier.Thaws, carrier.PutInFront));
        Assert.InRange(_bus.Steps - before, (ulong)times, (4 * (ulong)times) + 10);
        Assert.Equal(2 * times, listener.Queue.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public void Reports_of_repliers_cost_what_there_are_of_repliers_however_many_listen(int listeners)
    {
        KsockState member = _bus.Open(canWrite: true, new QuietCarrier());
        BindOften(member, listeners);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Errno.None, _bus.Bind(member, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"$.R{i}")), isReplier: true));
        }

        ulong before = _bus.Steps;
        Assert.Equal(Errno.None, _bus.ReportReplierBinds(member, 1, out _));
        Assert.Equal(20, member.Queue.Count);
        Assert.InRange(_bus.Steps - before, 20ul, 60ul);
    }

    [Fact]
    public void A_route_is_worked_out_anew_only_if_a_binding_to_a_matching_name_changes()
    {
        var table = new BindingTable(1);
        KsockState one = Alone();
        KsockState two = Alone();
        table.Add(one, "$.A.*"u8, isReplier: false);
        Route route = table.RouteOf("$.A.B"u8);
        ReadOnlySpan<Binding> before = route.Listeners;
        Binding other = table.Add(two, "$.B"u8, isReplier: false);
        Assert.False(table.IsCurrent(route));
        Assert.Same(route, table.RouteOf("$.A.B"u8));
        Assert.True(before == route.Listeners);
        table.Remove(other);
        table.Add(two, "$.A.B"u8, isReplier: true);
        Assert.Same(two, table.RouteOf("$.A.B"u8).Replier!.Ksock);
        Binding matching = table.Add(two, "$.*"u8, isReplier: false);
        Assert.Equal([two, one], table.RouteOf("$.A.B"u8).Listeners.ToArray().Select(b => b.Ksock));
        table.Remove(matching);
        Assert.Equal([one], table.RouteOf("$.A.B"u8).Listeners.ToArray().Select(b => b.Ksock));
    }

    private static KsockState Alone() => new(1, canWrite: true, 100, new QuietCarrier(), TestCharges.Of(1));

    private void BindOften(KsockState ksock, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(Errno.None, _bus.Bind(ksock, "$.U"u8, isReplier: false));
        }
    }

    private void Send(KsockState sender, string name, MessageFlags flags) =>
        Assert.Equal(Errno.None, _bus.Send(sender, _bus.Pool.Compose(new MessageHeader { Flags = flags }, Encoding.ASCII.GetBytes(name), default), out _));

    private sealed class CountingCarrier : Carrier
    {
        public int Freezes { get; private set; }

        public int Thaws { get; private set; }

        public int PutInFront { get; private set; }

        public override void Appended(StoredMessage message, MessageFlags flags, uint number)
        {
        }

        public override void Prepended(StoredMessage message, MessageFlags flags, uint number) => PutInFront++;

        public override void Removed(List<QueueEntry> removed) => Assert.Fail("nothing is removed");

        public override void Answered(StoredMessage message, uint number) => Assert.Fail("nothing is awaited");

        public override void Withdrawn(uint number, int place) => Assert.Fail("nothing is withdrawn");

        public override void Freeze() => Freezes++;

        public override void Thaw() => Thaws++;

        public override bool DropOne() => false;

        public override void RetryWorthwhile()
        {
        }
    }
}

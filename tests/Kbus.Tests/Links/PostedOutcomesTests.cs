using Kbus.Hosts;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Tests.Links;

public sealed class PostedOutcomesTests
{
    [Fact]
    public void Outcomes_are_passed_on_in_the_order_of_posting_and_not_before_they_have_come()
    {
        using var bus = new BusEnd();
        List<ulong> told = [];
        ulong[] posts = [.. Enumerable.Range(0, 3).Select(_ => Post(bus, told))];
        CommandRecord[] records = [bus.Take(), bus.Take(), bus.Take()];
        bus.Completions.Complete(records[1].Sequence, new Completion(0, 2ul));
        bus.Outcomes.DrainPosted();
        Assert.Empty(told);

        bus.Completions.Complete(records[0].Sequence, new Completion(0, 1ul));
        bus.Outcomes.DrainPosted();
        Assert.Equal([1ul, 2ul], told);
        Assert.Equal(Errno.ETIMEDOUT, bus.Outcomes.SettleOutcomes(posts[2], Deadline.Passed));

        bus.Completions.Complete(records[2].Sequence, new Completion(0, 3ul));
        Assert.Equal(Errno.None, bus.Outcomes.SettleOutcomes(posts[2], Deadline.Passed));
        Assert.Equal([1ul, 2ul, 3ul], told);
    }

    [Fact]
    public void A_post_is_withdrawn_once_and_its_outcome_comes_all_the_same()
    {
        using var bus = new BusEnd();
        List<ulong> told = [];
        ulong post = Post(bus, told);
        Assert.True(bus.Outcomes.WithdrawPost(post));
        CommandRecord record = bus.Take();
        Assert.Equal((ushort)CommandCode.Withdrawn, record.Opcode);
        bus.Completions.Complete(record.Sequence, new Completion((int)Errno.ECANCELED, 9ul));
        bus.Outcomes.DrainPosted();
        Assert.Equal([9ul], told);
        Assert.False(bus.Outcomes.WithdrawPost(post));
    }

    [Fact]
    public void When_the_bus_has_died_the_outcomes_that_had_come_are_told_and_the_others_are_ENODEV()
    {
        using var bus = new BusEnd();
        List<ulong> told = [];
        _ = Post(bus, told);
        _ = Post(bus, told);
        bus.Completions.Complete(bus.Take().Sequence, new Completion(0, 1ul));
        bus.Life.MarkDead();
        bus.Outcomes.DrainPosted();
        Assert.Equal([1ul, (ulong)Errno.ENODEV << 32], told);
    }

    /// <summary>Posts a command, whose outcome goes to a list: its id, or its errno in the upper half.</summary>
    private static ulong Post(BusEnd bus, List<ulong> told)
    {
        Assert.Equal(Errno.None, bus.Channel.LockCommands(Deadline.Passed));
        try
        {
            unsafe
            {
                Assert.Equal(Errno.None, bus.Channel.Begin(0, wantsCompletion: true, out _, out ulong sequence, Deadline.Passed));
                bus.Outcomes.Enter(sequence, new Posted(new Teller(told), 1, IsRequest: false, Tag: 0));
                bus.Channel.End(CommandCode.Send, 0, sequence);
                bus.Channel.Publish();
                return sequence;
            }
        }
        finally
        {
            bus.Channel.UnlockCommands();
        }
    }

    private sealed class Teller(List<ulong> told) : IPostedSend
    {
        public void Complete(ReadOnlySpan<SendOutcome> outcomes)
        {
            foreach (SendOutcome outcome in outcomes)
            {
                MessageId id = outcome.Id;
                told.Add(outcome.Error == Errno.ENODEV ? (ulong)Errno.ENODEV << 32 : id.NetworkId | ((ulong)id.SerialNumber << 32));
            }
        }
    }
}

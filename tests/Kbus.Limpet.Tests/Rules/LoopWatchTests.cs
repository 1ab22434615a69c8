using Kbus.Core;

namespace Kbus.Limpets.Tests;

public sealed class LoopWatchTests
{
    private const uint OneWay = 7;
    private const uint AnotherWay = 8;
    private static readonly MessageId Id = new(1, 5);
    private readonly LoopWatch _watch = new();

    [Fact]
    public void What_comes_by_two_ways_and_again_by_one_of_them_goes_round()
    {
        Assert.False(GoesRound(Id, LoopWatch.FromPeer, out _));
        Assert.False(GoesRound(Id, OneWay, out _));
        Assert.True(GoesRound(Id, LoopWatch.FromPeer, out uint otherWay));
        Assert.Equal(OneWay, otherWay);
        Assert.True(GoesRound(Id, OneWay, out otherWay));
        Assert.Equal(LoopWatch.FromPeer, otherWay);
    }

    [Fact]
    public void The_same_id_again_and_again_by_one_way_does_not_go_round()
    {
        for (int i = 0; i < 5; i++)
        {
            Assert.False(GoesRound(Id, OneWay, out _));
        }
    }

    [Fact]
    public void Links_that_are_made_again_and_again_are_no_ring_though_ids_begin_anew()
    {
        for (uint way = 1; way < 10; way++)
        {
            Assert.False(GoesRound(Id, way, out _));
        }
    }

    [Fact]
    public void Other_ids_by_other_ways_do_not_go_round()
    {
        for (uint i = 1; i < 1000; i++)
        {
            Assert.False(GoesRound(new MessageId(1, i), i % 2 == 0 ? OneWay : AnotherWay, out _));
            Assert.False(GoesRound(new MessageId(2, i), i % 2 == 0 ? AnotherWay : OneWay, out _));
        }
    }

    [Fact]
    public void It_tells_what_came_from_the_peer_before()
    {
        _watch.GoesRound(Of(Id), LoopWatch.FromPeer, out _, out bool cameFromPeer);
        Assert.False(cameFromPeer);
        for (uint way = OneWay; way < 20; way++)
        {
            _watch.GoesRound(Of(Id), way, out _, out cameFromPeer);
            Assert.True(cameFromPeer);
        }

        _watch.GoesRound(Of(new MessageId(1, 6)), OneWay, out _, out cameFromPeer);
        Assert.False(cameFromPeer);
    }

    [Fact]
    public void It_forgets_after_some_seconds()
    {
        Assert.False(GoesRound(Id, LoopWatch.FromPeer, out _));
        Assert.False(GoesRound(Id, OneWay, out _));
        for (int second = 0; second < 6; second++)
        {
            _watch.Tick();
        }

        Assert.False(GoesRound(Id, LoopWatch.FromPeer, out _));
        Assert.False(GoesRound(Id, OneWay, out _));
        Assert.True(GoesRound(Id, LoopWatch.FromPeer, out _));
    }

    [Fact]
    public void It_tells_what_of_one_sender_came_from_the_bus_and_never_from_the_peer()
    {
        Assert.False(_watch.CameFromBusAlone(Of(Id)));
        GoesRound(Id, OneWay, out _);
        Assert.True(_watch.CameFromBusAlone(Of(Id)));
        Assert.False(_watch.CameFromBusAlone(Of(Id, sender: 4)));
        Assert.False(_watch.CameFromBusAlone(Of(new MessageId(1, 6))));
        GoesRound(Id, LoopWatch.FromPeer, out _);
        Assert.False(_watch.CameFromBusAlone(Of(Id)));
    }

    private static MessageHeader Of(MessageId id, uint sender = 3) => new() { Id = id, OrigFrom = new OrigFrom(1, sender) };

    private bool GoesRound(MessageId id, uint way, out uint otherWay) => _watch.GoesRound(Of(id), way, out otherWay, out _);
}

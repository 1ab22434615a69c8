using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class LoopJudgeTests : IDisposable
{
    private static readonly MessageId Id = new(1, 5);
    private readonly EmbeddedKbus _bus = new();
    private readonly HandClock _clock = new();
    private readonly List<Ksock> _open = [];

    public void Dispose()
    {
        _open.ForEach(k => k.Dispose());
        _bus.Dispose();
        _clock.Dispose();
    }

    [Fact]
    public void An_ordinary_program_closes_no_link()
    {
        Ksock program = Open();
        var judge = new LoopJudge(Open(networkId: 3), _clock);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), program.Id));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), 99));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), 0));
    }

    [Fact]
    public void The_newer_of_two_Limpets_closes_its_link_at_once()
    {
        Ksock older = Open(networkId: 3);
        var judge = new LoopJudge(Open(networkId: 4), _clock);
        Assert.Equal(Verdict.Loop, judge.Judge(Message(Id), older.Id));
        Assert.Equal($"message {Id} came back to this bus by Limpet 3 (Ksock {older.Id})", judge.Evidence);
    }

    [Fact]
    public void The_older_of_two_Limpets_waits_for_the_newer_to_close_its_link()
    {
        var judge = new LoopJudge(Open(networkId: 3), _clock);
        Ksock newer = Open(networkId: 4);
        Ksock newest = Open(networkId: 5);
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), newer.Id));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), newer.Id));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), newest.Id));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Verdict.Loop, judge.Judge(Message(Id), newest.Id));
    }

    [Fact]
    public void A_message_that_says_it_comes_from_elsewhere_than_its_id_closes_no_link()
    {
        Ksock older = Open(networkId: 3);
        var judge = new LoopJudge(Open(networkId: 4), _clock);
        foreach (uint network in new uint[] { 0, 2 })
        {
            MessageHeader header = Message(Id);
            header.OrigFrom = new OrigFrom(network, 1);
            Assert.Equal(Verdict.Leave, judge.Judge(header, older.Id));
            Assert.Equal(Verdict.Leave, judge.JudgePeer(header));
        }

        Assert.Equal(Verdict.Loop, judge.JudgePeer(Message(Id)));
    }

    private static MessageHeader Message(MessageId id) => new() { Id = id, OrigFrom = new OrigFrom(id.NetworkId, 1) };

    private Ksock Open(uint networkId = 0)
    {
        Ksock ksock = _bus.Open();
        _open.Add(ksock);
        if (networkId != 0)
        {
            ksock.ActAsLimpet(networkId);
        }

        return ksock;
    }
}

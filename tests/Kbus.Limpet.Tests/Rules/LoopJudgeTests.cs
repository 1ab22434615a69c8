using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class LoopJudgeTests : IDisposable
{
    private const uint Peer = 50;
    private static readonly MessageId Id = new(1, 5);
    private readonly List<RingProbe> _sent = [];
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
        LoopJudge judge = JudgeOf(Open(networkId: 3), made: 100);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), program.Id));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), 99));
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), 0));
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(Probe(made: 200), program.Id));
        Assert.Empty(_sent);
    }

    [Fact]
    public void Who_notices_sends_a_probe_and_closes_its_link_when_that_comes_back_by_the_bus()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), other.Id));
        byte[] probe = Assert.Single(_sent).ToBytes();
        Assert.Equal(Verdict.Leave, judge.ProbeFromPeer(probe));
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(probe, Open().Id));
        Assert.Equal(Verdict.Loop, judge.ProbeFromBus(probe, other.Id));
        Assert.Equal($"message {Id} came back to this bus by Limpet 3 (Ksock {other.Id})", judge.Evidence);
    }

    [Fact]
    public void A_probe_that_takes_long_is_still_known_when_others_have_been_sent()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), other.Id));
            _clock.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(3, _sent.Count);
        Assert.Equal(Verdict.Loop, judge.ProbeFromBus(_sent[0].ToBytes(), other.Id));
    }

    [Fact]
    public void The_probe_of_a_newer_link_is_carried_on_once_and_that_of_an_older_one_is_replaced_by_one_s_own()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        byte[] newer = Probe(made: 101);
        Assert.Equal(Verdict.Carry, judge.ProbeFromBus(newer, other.Id));
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(newer, other.Id));
        Assert.Equal(Verdict.Leave, judge.ProbeFromPeer(newer));
        Assert.Equal(Verdict.Carry, judge.ProbeFromPeer(Probe(made: 101)));
        Assert.Empty(_sent);
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(Probe(made: 99), other.Id));
        Assert.Equal(Verdict.Leave, judge.ProbeFromPeer(Probe(made: 99)));
        Assert.Equal(Verdict.Loop, judge.ProbeFromBus(Assert.Single(_sent).ToBytes(), other.Id));
        Assert.Equal($"what was sent to the peer came back to this bus by Limpet 3 (Ksock {other.Id})", judge.Evidence);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    [InlineData(25)]
    public void Data_that_is_no_probe_s_is_left(int length)
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(new byte[length], other.Id));
        Assert.Equal(Verdict.Leave, judge.ProbeFromPeer(new byte[length]));
        Assert.Empty(_sent);
    }

    /// <summary>Whichever end's clock is ahead.</summary>
    [Fact]
    public void The_peer_s_own_probe_is_always_carried_on()
    {
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        Assert.Equal(Verdict.Carry, judge.ProbeFromPeer(RingProbe.Of(new LinkRank(1, Peer, 4)).ToBytes()));
    }

    [Fact]
    public void Who_cannot_send_carries_everybody_s()
    {
        Ksock other = Open(networkId: 3);
        var judge = new LoopJudge(Open(networkId: 4), _clock, new LinkRank(100, Peer, 4), send: null);
        Assert.Equal(Verdict.Carry, judge.ProbeFromBus(Probe(made: 99), other.Id));
        Assert.Equal(Verdict.Carry, judge.ProbeFromPeer(Probe(made: 99)));
    }

    /// <summary>A Limpet of another make may not carry them.</summary>
    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 10)]
    public void If_no_probe_comes_back_the_newer_of_two_Limpets_closes_its_link_and_later_the_older(bool isOlder, int seconds)
    {
        Ksock? other = isOlder ? null : Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        other ??= Open(networkId: 3);
        for (int i = 0; i < seconds; i++)
        {
            Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), other.Id));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Verdict.Loop, judge.Judge(Message(Id), other.Id));
    }

    [Fact]
    public void A_ring_that_was_opened_long_ago_does_not_count_for_the_next()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        for (int hour = 0; hour < 4; hour++)
        {
            Assert.Equal(Verdict.Leave, judge.Judge(Message(Id), other.Id));
            _clock.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public void A_message_that_says_it_comes_from_elsewhere_than_its_id_closes_no_link()
    {
        Ksock older = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        foreach (uint network in new uint[] { 0, 2 })
        {
            MessageHeader header = Message(Id);
            header.OrigFrom = new OrigFrom(network, 1);
            Assert.Equal(Verdict.Leave, judge.Judge(header, older.Id));
            Assert.Equal(Verdict.Leave, judge.JudgePeer(header));
        }

        Assert.Empty(_sent);
        Assert.Equal(Verdict.Loop, judge.JudgePeer(Message(Id)));
    }

    private static byte[] Probe(ulong made) => RingProbe.Of(new LinkRank(made, 70, 60)).ToBytes();

    private LoopJudge JudgeOf(Ksock ksock, ulong made) => new(ksock, _clock, new LinkRank(made, Peer, 4), _sent.Add);

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

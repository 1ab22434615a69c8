using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class LoopJudgeTests : IDisposable
{
    private const uint Peer = 50;
    private static readonly MessageId Id = new(1, 5);
    private readonly List<RingProbe> _sent = [];
    private readonly List<string> _told = [];
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
        judge.Judge(Message(Id), program.Id);
        judge.Judge(Message(Id), 99);
        judge.Judge(Message(Id), 0);
        Assert.Equal(Verdict.Leave, judge.ProbeFromBus(Probe(made: 200), program.Id));
        Assert.Empty(_sent);
    }

    [Fact]
    public void Who_notices_sends_a_probe_and_closes_its_link_when_that_comes_back_by_the_bus()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        judge.Judge(Message(Id), other.Id);
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
            judge.Judge(Message(Id), other.Id);
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

    /// <summary>Fifty-one frames with ids of another Limpet's peer ended that Limpet's process for good.</summary>
    [Fact]
    public void What_another_Limpet_brings_closes_no_link_however_long_it_goes_on()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        for (int i = 0; i < 60; i++)
        {
            judge.Judge(Message(Id), other.Id);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains($"message {Id} came back to this bus by Limpet 3 (Ksock {other.Id})", Assert.Single(_told.Distinct()), StringComparison.Ordinal);
    }

    /// <summary>A Limpet of another make may not carry probes, and a hostile one forges ids.</summary>
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
            Assert.Equal(Verdict.Leave, judge.JudgePeer(Message(Id), other.Id));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Verdict.Loop, judge.JudgePeer(Message(Id), other.Id));
        Assert.Contains("The peer sends what is not its own", Assert.Single(_told), StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_that_was_opened_long_ago_does_not_count_for_the_next()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        for (int hour = 0; hour < 4; hour++)
        {
            Assert.Equal(Verdict.Leave, judge.JudgePeer(Message(Id), other.Id));
            _clock.Advance(TimeSpan.FromHours(1));
        }
    }

    /// <summary>One frame ended the server.</summary>
    [Fact]
    public void One_message_with_one_s_own_id_closes_nothing_and_many_close_the_link_that_brings_them()
    {
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Verdict.Leave, judge.JudgePeer(Message(Id)));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Verdict.Loop, judge.JudgePeer(Message(Id)));
    }

    [Fact]
    public void The_network_ids_of_a_link_belong_to_it_once_its_Limpet_has_said_so_on_the_bus()
    {
        Ksock other = Open(networkId: 3);
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        byte[] claim = NetworkClaim.Of(new LinkRank(5000, 9, 3));
        judge.ClaimFromBus(claim, Open().Id);
        judge.ClaimFromBus(NetworkClaim.Of(new LinkRank(5000, 9, 8)), other.Id);
        judge.ClaimFromBus(new byte[7], other.Id);
        Assert.False(judge.IsClaimed(9, 100, out _));
        judge.ClaimFromBus(claim, other.Id);
        judge.ClaimFromBus(NetworkClaim.Of(new LinkRank(5000, Peer, 3)), other.Id);
        Assert.True(judge.IsClaimed(9, 100, out uint claimant));
        Assert.Equal(other.Id, claimant);
        Assert.True(judge.IsClaimed(3, 100, out _));
        Assert.False(judge.IsClaimed(Peer, 100, out _));

        // The network was known from this peer before the other link was made.
        Assert.False(judge.IsClaimed(9, 1, out _));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(judge.IsClaimed(9, 100, out _));
    }

    /// <summary>Probes pass closed lists, and a peer could flood a bus with them.</summary>
    [Fact]
    public void A_peer_may_send_so_many_probes_and_no_more()
    {
        LoopJudge judge = JudgeOf(Open(networkId: 4), made: 100);
        int carried = 0;
        for (int i = 0; i < 10_000; i++)
        {
            carried += judge.ProbeFromPeer(Probe(made: 200)) == Verdict.Carry ? 1 : 0;
        }

        Assert.Equal(64, carried);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.Carry, judge.ProbeFromPeer(Probe(made: 200)));
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
            judge.Judge(header, older.Id);
            Assert.Equal(Verdict.Leave, judge.JudgePeer(header, older.Id));
            Assert.Equal(Verdict.Leave, judge.JudgePeer(header));
        }

        Assert.Empty(_sent);
        Assert.Empty(_told);
    }

    private static byte[] Probe(ulong made) => RingProbe.Of(new LinkRank(made, 70, 60)).ToBytes();

    private LoopJudge JudgeOf(Ksock ksock, ulong made) => new(ksock, _clock, new LinkRank(made, Peer, 4), _sent.Add, _told.Add);

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

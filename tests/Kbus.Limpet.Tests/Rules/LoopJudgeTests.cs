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
        Assert.Equal(Verdict.Leave, judge.Judge(Id, program.Id));
        Assert.Equal(Verdict.Leave, judge.Judge(Id, 99));
        Assert.Equal(Verdict.Leave, judge.Judge(Id, 0));
    }

    [Fact]
    public void The_newer_of_two_Limpets_closes_its_link_at_once()
    {
        Ksock older = Open(networkId: 3);
        var judge = new LoopJudge(Open(networkId: 4), _clock);
        Assert.Equal(Verdict.Loop, judge.Judge(Id, older.Id));
        Assert.Equal($"message {Id} came back to this bus by Limpet 3 (Ksock {older.Id})", judge.Evidence);
    }

    [Fact]
    public void The_older_of_two_Limpets_waits_for_the_newer_to_close_its_link()
    {
        var judge = new LoopJudge(Open(networkId: 3), _clock);
        Ksock newer = Open(networkId: 4);
        Ksock newest = Open(networkId: 5);
        Assert.Equal(Verdict.Leave, judge.Judge(Id, newer.Id));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.Leave, judge.Judge(Id, newer.Id));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(Verdict.Leave, judge.Judge(Id, newest.Id));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Verdict.Loop, judge.Judge(Id, newest.Id));
    }

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

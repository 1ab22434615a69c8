namespace Kbus.Limpets.Tests;

/// <summary>Stateful requests that pass buses: they reach the one meant or nobody.</summary>
public sealed class StatefulTests : IDisposable
{
    private readonly Bowls _bowls = new(4);
    private readonly (Limpet One, Limpet Other) _far;

    /// <summary>Bus 1 is joined with 0, 2 and 3.</summary>
    public StatefulTests()
    {
        _bowls.Join(0, 1, 1, 2);
        _far = _bowls.Join(1, 3, 2, 4);
        _bowls.Join(1, 5, 3, 6);
    }

    public void Dispose() => _bowls.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_stateful_request_is_not_heard_by_who_has_taken_the_name_on_a_bus_in_between_or_on_another_branch(uint takenOn)
    {
        Ksock requester = _bowls.Open(0);
        Ksock meant = _bowls.Bound(2, "$.State", replier: true);
        Message reply = Ask(requester, meant);
        meant.Unbind("$.State", replier: true);
        _bowls.AwaitNoReplier(0, "$.State");
        _bowls.AwaitNoReplier(takenOn, "$.State");
        Ksock other = _bowls.Bound(takenOn, "$.State", replier: true);
        _bowls.AwaitReplier(0, "$.State");
        requester.Send(Message.StatefulRequest(reply, "$.State", "for one alone"));
        Assert.Equal("$.KBUS.Replier.NotSameKsock", Bowls.Next(requester).Name);
        Assert.Equal(0u, other.NumMessages);

        // Who begins anew has a replier again, and goes on with that one.
        reply = Ask(requester, other);
        requester.Send(Message.StatefulRequest(reply, "$.State"));
        other.Send(Message.ReplyTo(Bowls.Next(other)));
        Assert.Equal("$.State", Bowls.Next(requester).Name);
    }

    [Fact]
    public async Task A_stateful_request_reaches_its_replier_when_a_link_on_the_way_has_been_made_anew()
    {
        Ksock requester = _bowls.Open(0);
        Ksock meant = _bowls.Bound(2, "$.State", replier: true);
        Message reply = Ask(requester, meant);
        _far.One.Dispose();
        await _far.Other.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        _bowls.AwaitNoReplier(0, "$.State");
        _bowls.Join(1, 3, 2, 4);
        _bowls.AwaitReplier(0, "$.State");
        requester.Send(Message.StatefulRequest(reply, "$.State", "again"));
        Assert.Equal("again", Bowls.Next(meant).DataAsText);
    }

    private Message Ask(Ksock requester, Ksock replier)
    {
        _bowls.AwaitReplier(0, "$.State");
        requester.Send(new Request("$.State"));
        replier.Send(Message.ReplyTo(Bowls.Next(replier)));
        return Bowls.Next(requester);
    }
}

using Kbus.Links;

namespace Kbus.Tests.Links;

/// <summary>Answers reach those who await them under a tag. What nobody awaits is remembered until it is answered.</summary>
public sealed class RequestsTests
{
    private const uint Self = 7;
    private static readonly MessageId Id = new(0, 5);
    private readonly Requests _requests = new(Self, answersAtEnd: true);

    [Fact]
    public Task An_answer_that_comes_before_the_outcome_of_its_Request_is_given_and_the_outcome_changes_nothing() => Limited.Run(async () =>
    {
        (PendingAnswer pending, Task<Message?> answer) = Begin();
        Assert.Same(pending, _requests.TryAnswer(pending.Tag, Answer(Id)));
        _requests.Sent(pending.Tag, Errno.None, Id);
        Assert.Equal(Id, (await answer)!.InReplyTo);
        Assert.False(_requests.IsAwaited(pending.Tag));
        Assert.Empty(_requests.AllOwed());
    });

    [Fact]
    public void A_Request_that_is_refused_is_not_awaited_any_more_and_one_that_waits_for_room_is()
    {
        (PendingAnswer refused, _) = Begin();
        (PendingAnswer waiting, _) = Begin();
        _requests.Sent(refused.Tag, Errno.EBUSY, default);
        _requests.Sent(waiting.Tag, Errno.EAGAIN, Id);
        Assert.False(_requests.IsAwaited(refused.Tag));
        Assert.True(_requests.IsAwaited(waiting.Tag));
        Assert.NotEqual(refused.Tag, waiting.Tag);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_given_up_is_owed_an_ordinary_answer_whether_its_outcome_is_known_or_not(bool isKnown)
    {
        (PendingAnswer pending, Task<Message?> answer) = Begin();
        if (isKnown)
        {
            _requests.Sent(pending.Tag, Errno.None, Id);
        }

        _requests.GiveUp(pending);
        if (!isKnown)
        {
            Assert.Empty(_requests.AllOwed());
            _requests.Sent(pending.Tag, Errno.EAGAIN, Id);
            _requests.Sent(pending.Tag, Errno.None, Id);
        }

        Assert.Null(_requests.TryAnswer(pending.Tag, Answer(Id)));
        Assert.Equal([Id], _requests.AllOwed());
        _requests.Taken(Id);
        Assert.Empty(_requests.AllOwed());
        Assert.False(answer.IsCompleted);
    }

    [Fact]
    public void What_is_given_up_and_then_refused_is_owed_nothing()
    {
        (PendingAnswer pending, _) = Begin();
        _requests.GiveUp(pending);
        _requests.Sent(pending.Tag, Errno.ECANCELED, default);
        _requests.Taken(Id);
        _requests.Sending();
        _requests.Sent(0, Errno.None, Id);
        Assert.Equal([Id], _requests.AllOwed());
    }

    [Fact]
    public void An_ordinary_answer_that_was_taken_before_its_sender_knew_of_the_acceptance_is_not_owed()
    {
        _requests.Sending();
        _requests.Sending();
        _requests.Taken(Id);
        _requests.Sent(0, Errno.None, new MessageId(0, 6));
        _requests.Sent(0, Errno.None, Id);
        Assert.Equal([new MessageId(0, 6)], _requests.AllOwed());
    }

    [Fact]
    public void An_id_is_owed_as_often_as_it_was_used_and_the_oldest_comes_first()
    {
        var first = new MessageId(3, 1);
        foreach (MessageId id in new[] { first, Id, first })
        {
            _requests.Sending();
            _requests.Sent(0, Errno.None, id);
        }

        Assert.Equal([first, first, Id], _requests.AllOwed());
        _requests.Taken(first);
        Assert.Equal([first, Id], _requests.AllOwed());
    }

    [Fact]
    public Task When_the_bus_has_died_each_Request_that_was_accepted_has_a_Status_also_if_that_is_heard_late() => Limited.Run(async () =>
    {
        (PendingAnswer accepted, Task<Message?> first) = Begin();
        (PendingAnswer late, Task<Message?> second) = Begin();
        (PendingAnswer refused, Task<Message?> third) = Begin();
        _requests.Sent(accepted.Tag, Errno.None, Id);
        _requests.AnswerAwaited();
        Assert.Equal(Id, Assert.IsType<Status>(await first).InReplyTo);
        Assert.False(second.IsCompleted);
        _requests.Sent(late.Tag, Errno.None, new MessageId(0, 6));
        _requests.Sent(refused.Tag, Errno.ENODEV, default);
        Assert.Equal("$.KBUS.Replier.GoneAway", (await second)!.Name);
        Assert.False(third.IsCompleted);
        Assert.False(_requests.IsAwaited(refused.Tag));
    });

    [Fact]
    public Task When_the_Ksock_closes_everybody_is_told_also_who_only_begins() => Limited.Run(async () =>
    {
        (PendingAnswer sent, Task<Message?> first) = Begin();
        _requests.Sent(sent.Tag, Errno.None, Id);
        _requests.Abandon(() => new ObjectDisposedException("test"));
        (PendingAnswer unsent, Task<Message?> second) = Begin();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => second);
        Assert.True(sent.IsDone && unsent.IsDone);
    });

    [Fact]
    public void Where_the_bus_itself_answers_at_its_end_nothing_is_kept_of_what_is_given_up()
    {
        var requests = new Requests(Self, answersAtEnd: false);
        var pending = new PendingAnswer();
        requests.Begin(pending);
        requests.GiveUp(pending);
        requests.Sent(pending.Tag, Errno.None, Id);
        Assert.Empty(requests.AllOwed());
    }

    private (PendingAnswer Pending, Task<Message?> Answer) Begin()
    {
        var completion = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = new PendingAnswer(completion);
        _ = _requests.Begin(pending);
        return (pending, completion.Task);
    }

    private static MessageBuffer Answer(MessageId inReplyTo)
    {
        byte[] bytes = new Message("$.Q") { InReplyTo = inReplyTo, To = Self }.ToBytes();
        var buffer = new MessageBuffer();
        bytes.CopyTo(buffer.Prepare(bytes.Length));
        Assert.True(buffer.Commit());
        return buffer;
    }
}

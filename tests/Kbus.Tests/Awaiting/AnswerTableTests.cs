namespace Kbus.Tests;

/// <summary>Answers reach those who wait for them, whoever takes them and whenever ids become known.</summary>
public sealed class AnswerTableTests
{
    private const uint Self = 7;
    private static readonly MessageId Id = new(0, 5);
    private readonly AnswerTable _table = new(Self, static () => { });

    [Fact]
    public Task An_answer_taken_before_its_id_is_known_waits_for_the_id() => Limited.Run(async () =>
    {
        (PendingAnswer pending, Task<Message?> answer) = Begin();
        Task<bool> taking = Task.Run(() => _table.TryHandOver(Answer(Id, Self)));

        // The taker cannot know whose answer it has; it must not call it an ordinary message.
        await Task.Yield();
        Assert.False(taking.IsCompleted);
        _table.Sent(pending, accepted: true, Id);
        Assert.True(await taking);
        Assert.Equal(Id, (await answer)!.InReplyTo);
        Assert.False(_table.HasAny);
    });

    [Fact]
    public Task An_ordinary_reply_is_let_go_once_all_ids_begun_before_are_known() => Limited.Run(async () =>
    {
        (PendingAnswer first, _) = Begin();
        (PendingAnswer second, _) = Begin();
        Task<bool> taking = Task.Run(() => _table.TryHandOver(Answer(Id, Self)));
        _table.Sent(first, accepted: true, new MessageId(0, 8));
        _table.Sent(second, accepted: false, default);
        Assert.False(await taking);
        Assert.True(_table.HasAny);
        Assert.True(_table.Withdraw(first));
        Assert.False(_table.HasAny);
    });

    [Fact]
    public void What_is_no_answer_for_this_Ksock_is_nobodys()
    {
        Assert.False(_table.TryHandOver(Answer(Id, Self)));
        (PendingAnswer pending, Task<Message?> answer) = Begin();
        _table.Sent(pending, accepted: true, Id);
        Assert.False(_table.TryHandOver(Answer(Id, Self + 1)));
        Assert.False(_table.TryHandOver(Answer(MessageId.None, Self)));
        Assert.False(_table.TryHandOver(Answer(new MessageId(1, 5), Self)));
        Assert.False(answer.IsCompleted);
        Assert.True(_table.TryHandOver(Answer(Id, Self)));
        Assert.False(_table.TryHandOver(Answer(Id, Self)));
    }

    [Fact]
    public Task Of_equal_ids_the_oldest_is_answered_first() => Limited.Run(async () =>
    {
        (PendingAnswer Pending, Task<Message?> Answer)[] all = [Begin(), Begin(), Begin(), Begin()];
        foreach ((PendingAnswer pending, _) in all)
        {
            _table.Sent(pending, accepted: true, Id);
        }

        Assert.True(_table.Withdraw(all[1].Pending));
        Assert.False(_table.Withdraw(all[1].Pending));
        foreach (int expected in new[] { 0, 2, 3 })
        {
            Assert.False(all[expected].Answer.IsCompleted);
            Assert.True(_table.TryHandOver(Answer(Id, Self)));
            Assert.NotNull(await all[expected].Answer);
        }

        Assert.False(_table.HasAny);
    });

    [Fact]
    public Task When_the_Ksock_closes_everybody_is_told_also_who_is_only_just_sending() => Limited.Run(async () =>
    {
        (PendingAnswer sent, Task<Message?> first) = Begin();
        (PendingAnswer unsent, Task<Message?> second) = Begin();
        _table.Sent(sent, accepted: true, Id);
        _table.Abandon(() => new ObjectDisposedException("test"));
        _table.Sent(unsent, accepted: true, new MessageId(0, 6));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => second);
        Assert.True(sent.IsDone && unsent.IsDone);
        Assert.False(_table.Withdraw(sent) || _table.HasAny);
    });

    private (PendingAnswer Pending, Task<Message?> Answer) Begin()
    {
        var completion = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = new PendingAnswer();
        pending.Reset(completion);
        _table.Begin(pending);
        return (pending, completion.Task);
    }

    private static MessageBuffer Answer(MessageId inReplyTo, uint to)
    {
        byte[] bytes = new Message("$.Q") { InReplyTo = inReplyTo, To = to }.ToBytes();
        var buffer = new MessageBuffer();
        bytes.CopyTo(buffer.Prepare(bytes.Length));
        Assert.True(buffer.Commit());
        return buffer;
    }
}

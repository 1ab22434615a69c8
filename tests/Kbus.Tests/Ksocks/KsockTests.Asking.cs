namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task Asking_brings_the_Reply() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Echo");
        Task echo = Echo(replier);
        Ksock sender = Open();
        Assert.Equal("one", sender.Ask("$.Echo", "one").DataAsText);
        Assert.Equal("two", sender.Ask(new Request("$.Echo", "two"), TimeSpan.FromMinutes(1)).DataAsText);
        Assert.Equal("three", (await sender.AskAsync("$.Echo", "three")).DataAsText);
        Reply reply = await sender.AskAsync(new Request("$.Echo", "four"), TimeSpan.FromMinutes(1));
        Assert.Equal(("four", replier.Id), (reply.DataAsText, reply.From));
        replier.Dispose();
        await echo;
    });

    [Theory]
    [InlineData("unbinds", "$.KBUS.Replier.Unbound", "The replier unbound itself before it had read the Request. Nobody acted on it.")]
    [InlineData("closes", "$.KBUS.Replier.GoneAway", "The replier closed its Ksock before it had read the Request. Nobody acted on it.")]
    [InlineData("reads and closes", "$.KBUS.Replier.Ignored", "The replier read the Request and closed its Ksock without an answer. It may have acted on it, or in part.")]
    public Task A_Status_is_an_exception_for_who_asks(string does, string status, string meaning) => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        Task[] asking = [Task.Run(() => sender.Ask("$.Q")), sender.AskAsync("$.Q")];
        while (replier.NumMessages < 2)
        {
            await Task.Yield();
        }

        if (does == "unbinds")
        {
            replier.Unbind("$.Q", replier: true);
        }
        else
        {
            _ = does == "closes" ? [] : replier.ReadAvailable();
            replier.Dispose();
        }

        foreach (Task ask in asking)
        {
            NoReplyException refusal = await Assert.ThrowsAsync<NoReplyException>(() => ask);
            Assert.Equal((Errno.EREMOTEIO, status, meaning), (refusal.Errno, refusal.Status!.Name, refusal.Status.Meaning));
            Assert.StartsWith(
                $"EREMOTEIO: Ksock {sender.Id} of bus 0 got no Reply to $.Q: {status}. {meaning} ", refusal.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task An_answer_that_does_not_come_in_time_is_an_exception_for_who_asks_and_a_late_one_an_ordinary_message() => Limited.Run(async () =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = Open();
        ReplyTimeoutException late = Assert.Throws<ReplyTimeoutException>(() => sender.Ask("$.Q", "1", TimeSpan.FromMilliseconds(20)));
        Assert.Equal(Errno.ETIMEDOUT, late.Errno);
        Assert.StartsWith($"ETIMEDOUT: No answer to $.Q came to Ksock {sender.Id} of bus 0 within 0.02 s. ", late.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ReplyTimeoutException>(() => sender.AskAsync("$.Q", "2", TimeSpan.FromMilliseconds(20)));
        foreach (Message request in replier.ReadAvailable())
        {
            replier.Send(Message.ReplyTo(request, request.Data));
        }

        Assert.Equal(["1", "2"], Texts(sender));
    });

    [Fact]
    public Task What_cannot_be_sent_is_the_same_error_for_who_asks() => Limited.Run(async () =>
    {
        Ksock sender = Open();
        Assert.Equal(Errno.EADDRNOTAVAIL, ErrnoOf(() => sender.Ask("$.Nobody")));
        Assert.Equal(Errno.EADDRNOTAVAIL, await ErrnoOf(() => sender.AskAsync("$.Nobody")));
        Assert.Throws<ArgumentException>(() => sender.Ask(new Announcement("$.Nobody")));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        _ = OpenReplier("$.Q");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sender.AskAsync("$.Q", cancellationToken: cancelled.Token));
    });
}

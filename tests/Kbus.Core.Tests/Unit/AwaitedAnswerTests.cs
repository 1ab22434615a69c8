namespace Kbus.Core.Tests;

/// <summary>Answers that a library awaits under a tag come on a lane of their own.</summary>
public sealed class AwaitedAnswerTests
{
    private readonly Bus _bus = new(new BusOptions());
    private readonly KsockState _asker;
    private readonly KsockState _replier;

    public AwaitedAnswerTests()
    {
        _asker = _bus.Open(canWrite: true, new QuietCarrier());
        _replier = _bus.Open(canWrite: true, new QuietCarrier());
        Assert.Equal(Errno.None, _bus.Bind(_replier, "$.Ask"u8, isReplier: true));
        Assert.Equal(Errno.None, _bus.Bind(_asker, "$.News"u8, isReplier: false));
    }

    [Fact]
    public void An_awaited_answer_makes_its_asker_not_readable_and_has_the_tag()
    {
        Ask(tag: 5);
        Answer();

        Assert.False(_bus.Poll(_asker).Readable);
        Assert.Equal(0u, _bus.NumMessages(_asker));
        Assert.False(_bus.Take(_asker, out _));
        Assert.True(_bus.TakeAnswer(_asker, out DeliveredMessage answer));
        Assert.Equal(5u, answer.Message.AnsweredTag);
        answer.Message.Release();
    }

    [Fact]
    public void Messages_and_awaited_answers_count_against_one_limit()
    {
        _bus.MaxMessages(_asker, 2);
        Ask(tag: 5);
        Answer();
        Announce(expected: Errno.None);
        Announce(expected: Errno.EBUSY);

        Assert.True(_bus.TakeAnswer(_asker, out DeliveredMessage answer));
        answer.Message.Release();
        Announce(expected: Errno.None);
    }

    [Theory]
    [InlineData(false, "$.News $.Answer $.News")]
    [InlineData(true, "$.Answer $.News")]
    public void An_answer_that_is_withdrawn_stands_where_it_came_or_in_front_if_that_is_passed(bool isPassed, string expected)
    {
        Announce(Errno.None);
        Ask(tag: 5);
        Answer();
        Announce(Errno.None);
        if (isPassed)
        {
            Assert.True(_bus.Take(_asker, out DeliveredMessage first));
            first.Message.Release();
        }

        _bus.Withdraw(_asker, 5);

        Assert.Equal(expected, string.Join(' ', TakeAll()));
        Assert.False(_bus.TakeAnswer(_asker, out _));
    }

    [Fact]
    public void A_Request_that_is_withdrawn_before_its_answer_gets_an_ordinary_one()
    {
        Ask(tag: 5);
        Ask(tag: 6);
        _bus.Withdraw(_asker, 5);
        Answer();
        _bus.Close(_replier);

        Assert.Equal(["$.Answer"], TakeAll());
        Assert.True(_bus.TakeAnswer(_asker, out DeliveredMessage status));
        Assert.Equal(6u, status.Message.AnsweredTag);
        Assert.Equal("$.KBUS.Replier.GoneAway"u8, status.Message.Name);
        status.Message.Release();
    }

    [Fact]
    public void A_take_that_the_bus_hears_of_after_the_answer_was_withdrawn_counts()
    {
        Ask(tag: 5);
        Answer();
        uint number = _asker.Answers[0].Number;
        _bus.Withdraw(_asker, 5);

        _bus.Taken(_asker, [new Take(number, IsAnswer: true)]);

        Assert.Equal(0u, _bus.NumMessages(_asker));
    }

    [Fact]
    public void A_copy_is_counted_once_in_whichever_queue_it_came_and_stays_counted_when_it_is_withdrawn()
    {
        int answer = _bus.Pool.Compose(new MessageHeader(), "$.Answer"u8, default).EntireLength;
        int news = _bus.Pool.Compose(new MessageHeader(), "$.News"u8, default).EntireLength;
        Ask(tag: 5);
        Ask(tag: 6);
        Answer();
        Answer();
        Announce(Errno.None);
        _bus.Withdraw(_asker, 5);

        Assert.Equal((3ul, (ulong)((2 * answer) + news)), (_asker.Counted.Delivered, _asker.Counted.DeliveredBytes));
        Assert.Equal((long)answer + news, _asker.Queue.Bytes);
        Assert.Equal((long)answer, _asker.Answers.Bytes);
        Assert.Equal(2u, _asker.Appended);
    }

    private void Ask(uint tag)
    {
        StoredMessage request = _bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.WantAReply }, "$.Ask"u8, default);
        request.Tag = tag;
        Assert.Equal(Errno.None, _bus.Send(_asker, request, out _));
    }

    private void Answer()
    {
        Assert.True(_bus.Take(_replier, out DeliveredMessage request));
        var header = new MessageHeader { InReplyTo = request.Message.Header.Id, To = _asker.Id };
        request.Message.Release();
        Assert.Equal(Errno.None, _bus.Send(_replier, _bus.Pool.Compose(header, "$.Answer"u8, default), out _));
    }

    private void Announce(Errno expected) => Assert.Equal(
        expected, _bus.Send(_replier, _bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.AllOrFail }, "$.News"u8, default), out _));

    private List<string> TakeAll()
    {
        List<string> names = [];
        while (_bus.Take(_asker, out DeliveredMessage delivered))
        {
            names.Add(System.Text.Encoding.ASCII.GetString(delivered.Message.Name));
            delivered.Message.Release();
        }

        return names;
    }
}

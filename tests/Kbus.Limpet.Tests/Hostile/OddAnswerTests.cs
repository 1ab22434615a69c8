using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>Answers whose name, or whose other side, hid that they are answers: the asker waited for ever, with honest members only.</summary>
public abstract class OddAnswerTests : IDisposable
{
    private readonly Bowls _bowls;

    protected OddAnswerTests(Way way)
    {
        _bowls = new Bowls(2) { Way = way };
        _bowls.Join(0, 1, 1, 2);
    }

    public void Dispose()
    {
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("$.KBUS.ReplierBindEvent", "1234567890123456")]
    [InlineData("$.KBUS.ReplierBindEvent", "short")]
    [InlineData("$.KBUS.UnbindEventsLost", "")]
    [InlineData("$.KBUS.RingProbe", "123456789012345678901234")]
    [InlineData("$.Other.Name", "x")]
    public void A_reply_crosses_whatever_its_name(string name, string data)
    {
        Ksock replier = _bowls.Bound(1, "$.Ask", replier: true);
        _bowls.AwaitReplier(0, "$.Ask");
        Ksock requester = _bowls.Open(0);
        MessageId asked = requester.Send(new Request("$.Ask"));
        Message request = Bowls.Next(replier);
        Answer(replier, request, name, data);
        Message answer = Bowls.Next(requester);
        Assert.Equal((name, asked, data), (answer.Name, answer.InReplyTo, answer.DataAsText));
    }

    [Fact]
    public void An_answer_that_is_a_request_too_crosses_and_so_does_its_own_answer()
    {
        Ksock replier = _bowls.Bound(1, "$.Ask", replier: true);
        Ksock requester = _bowls.Bound(0, "$.Back", replier: true);
        _bowls.AwaitReplier(0, "$.Ask");
        _bowls.AwaitReplier(1, "$.Back");
        MessageId asked = requester.Send(new Request("$.Ask"));
        Message request = Bowls.Next(replier);
        MessageId askedBack = Answer(replier, request, "$.Back", "and you?", MessageFlags.WantAReply);

        // As on one bus: a copy for who asked, and one for who is to answer.
        Message answer = Bowls.Next(requester);
        Assert.Equal((asked, "and you?", false), (answer.InReplyTo, answer.DataAsText, answer.WantsUsToReply));
        Message back = Bowls.Next(requester);
        Assert.Equal(("and you?", true), (back.DataAsText, back.WantsUsToReply));
        requester.Send(Message.ReplyTo(back, "fine"));
        Message last = Bowls.Next(replier);
        Assert.Equal((askedBack, "fine"), (last.InReplyTo, last.DataAsText));
    }

    /// <summary>The bus beyond refuses it: nobody replies there to what it asks. Then both who wait are answered.</summary>
    [Fact]
    public void An_answer_that_is_a_request_that_nobody_can_take_leaves_nobody_waiting()
    {
        Ksock replier = _bowls.Bound(1, "$.Ask", replier: true);
        Ksock other = _bowls.Bound(0, "$.Back", replier: true);
        _bowls.AwaitReplier(0, "$.Ask");
        _bowls.AwaitReplier(1, "$.Back");
        Ksock requester = _bowls.Open(0);
        MessageId asked = requester.Send(new Request("$.Ask"));
        Message request = Bowls.Next(replier);
        MessageId askedBack = Answer(replier, request, "$.Back", "", MessageFlags.WantAReply);
        Assert.Equal(asked, Bowls.Next(requester).InReplyTo);
        Assert.Equal(askedBack, Bowls.Next(replier).InReplyTo);
        Assert.Equal((0u, 0u, 0u), (requester.NumMessages, replier.NumMessages, other.NumMessages));
    }

    private static MessageId Answer(Ksock replier, Message request, string name, string data, MessageFlags flags = MessageFlags.None)
    {
        var header = new MessageHeader { To = request.From, InReplyTo = request.Id, Flags = flags };
        Assert.Equal(Errno.None, replier.Submit(header, Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(data), out MessageId id));
        return id;
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class OddAnswerOverUnixTests() : OddAnswerTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class OddAnswerOverTcpTests() : OddAnswerTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class OddAnswerOverTlsTests() : OddAnswerTests(Way.Tls);

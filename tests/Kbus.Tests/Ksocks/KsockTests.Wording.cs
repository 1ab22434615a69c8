using System.Text;
using Kbus.Core;

namespace Kbus.Tests;

// What people read when something was refused.
public abstract partial class KsockTests
{
    [Fact]
    public Task A_refusal_gives_the_advice_for_its_own_case_and_says_nothing_twice() => Limited.Run(() =>
    {
        Ksock ksock = Open();
        Ksock other = OpenReplier("$.Q");
        MessageId asked = ksock.Send(new Request("$.Q"));
        Message request = other.WaitForMessage()!;
        Reply reply = Message.ReplyTo(request);
        other.Send(reply);
        Assert.Equal(
            "EADDRNOTAVAIL: Nobody is bound as replier to $.Nobody, so the Request was not sent. Start the replier, or wait for it to bind.",
            Text(() => ksock.Send(new Request("$.Nobody"))));
        Assert.Equal(
            $"ECONNREFUSED: Ksock {ksock.Id} expects no reply to {asked} from this Ksock: it was answered already, or given to another Ksock to answer. " +
            "Answer each Request once, from the Ksock that received it.",
            Text(() => other.Send(reply)));
        Assert.Equal(
            $"EADDRNOTAVAIL: Ksock 77, which the Reply to {asked} was for, is not open any more. Nobody waits for the Reply: forget it.",
            Text(() => other.Send(reply.WithTo(77))));
        Assert.Equal(
            $"EPIPE: Ksock 77 no longer replies to $.Q. {KbusErrors.Advice(Errno.EPIPE)}",
            Text(() => ksock.Send(new Request("$.Q", to: 77))));
        Assert.Equal(
            $"EINVAL: Ksock {ksock.Id} is not bound to $.Q as listener. Unbind what was bound, with the same name and the same role.",
            Text(() => ksock.Unbind("$.Q")));
        Assert.Equal(
            "EINVAL: The message has both ALL_OR_WAIT and ALL_OR_FAIL. Send it with one of them, or with neither.",
            Text(() => ksock.Send(new Announcement("$.A", flags: MessageFlags.AllOrWait | MessageFlags.AllOrFail))));
        Assert.Equal(
            "ENOMSG: No message waits to be sent. Only one that was sent with ALL_OR_WAIT may have to wait.",
            Text(() => ksock.Retry()));
        Assert.Equal("ENAMETOOLONG: The name is empty. Give one, such as $.Actor.Speak.", Text(() => ksock.FindReplier("")));
        Assert.Equal(
            "EBADF: This Ksock was not opened for reading. Open one for reading and writing.",
            Text(() => Open(KsockMode.Write).ReadNextMessage()));
        Assert.Equal(
            "EBADF: This Ksock was not opened for writing. Open one for reading and writing.",
            Text(() => Open(KsockMode.Read).Send(new Announcement("$.A"))));
        Assert.Equal(
            "EINVAL: The bus does not take 99 bytes as its greatest message size; 100 is the least. The most is the absolute maximum, which can be asked for.",
            Text(() => ksock.SetMaxMessageSize(99)));
    });

    [Fact]
    public Task A_message_that_waits_for_room_is_told_as_such() => Limited.Run(() =>
    {
        OpenFullListener("$.A");
        Ksock sender = Open();
        var message = new Announcement("$.A", flags: MessageFlags.AllOrWait);
        Assert.Equal(
            "EAGAIN: Somebody whom $.A is for has a full queue; the message waits, and nobody has received it yet. " +
            "Wait until it is sent, try it again, or discard it.",
            Text(() => sender.Send(message)));
        Assert.Equal(
            "EALREADY: The message sent before still waits for room; this one was not sent. Wait until that one is sent, or discard it.",
            Text(() => sender.Send(message)));
        Assert.StartsWith("EAGAIN: The message still waits: ", Text(() => sender.Retry()), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_refused_name_is_told_without_its_control_characters() => Limited.Run(() =>
    {
        const string name = "$.A\u009b31m\u001b[2J\u202e\n";
        Ksock ksock = Open();
        string shown = MessageText.Escape(name);
        Assert.Equal(@"$.A\xc2\x9b31m\x1b[2J\xe2\x80\xae\x0a", shown);
        Action[] calls =
        [
            () => ksock.Bind(name),
            () => ksock.Bind(name, replier: true),
            () => ksock.Unbind(name),
            () => ksock.FindReplierFor(name),
            () => ksock.Send(new Announcement(name)),
            () => ksock.Send(new Request(name)),
            () => ksock.Send(Encoding.UTF8.GetBytes(name), default),
            () => ksock.Send(Encoding.UTF8.GetBytes(name + ".*"), default),
        ];
        Assert.All(calls, call => Assert.Contains(shown, Text(call), StringComparison.Ordinal));
        Assert.Contains(shown[2..], Assert.Throws<ArgumentException>(() => new Message(name[2..])).Message, StringComparison.Ordinal);
        Assert.Equal($"<Announcement '{shown}'>", new Announcement(name).ToString());
        Assert.Equal($"[Bind '{shown}' for 7]", new ReplierBindEvent(true, 7, name).ToString());
    });

    [Fact]
    public Task A_bus_that_has_died_is_told_as_that() => Limited.Run(() =>
    {
        Ksock ksock = Open();
        _buses!.Die();
        Action[] calls =
        [
            () => ksock.Bind("$.A"), () => ksock.Send(new Announcement("$.A")), () => ksock.ReadNextMessage(), () => ksock.Retry(),
            () => ksock.Discard(), () => _ = ksock.NumMessages, () => _ = ksock.LastSentId,
        ];
        Assert.All(calls, call => Assert.StartsWith("ENODEV: Bus 0 has died, or has closed this Ksock. ", Text(call), StringComparison.Ordinal));
    });

    private static string Text(Action call) => Assert.Throws<KbusException>(call).Message;
}

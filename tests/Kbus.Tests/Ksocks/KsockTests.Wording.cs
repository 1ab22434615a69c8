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
        string self = $"Ksock {ksock.Id} of bus 0";
        MessageId asked = ksock.Send(new Request("$.Q"));
        Message request = other.WaitForMessage()!;
        Reply reply = Message.ReplyTo(request);
        other.Send(reply);
        Assert.Equal(
            $"EADDRNOTAVAIL: Nobody is bound as replier to $.Nobody. {self} sent nothing. Start the replier, or wait for it to bind.",
            Text(() => ksock.Send(new Request("$.Nobody"))));
        Assert.Equal(
            $"ECONNREFUSED: Ksock {ksock.Id} expects no Reply to {asked} from Ksock {other.Id} of bus 0: it was answered already, or given to another Ksock to answer. " +
            "Nothing was sent. Answer each Request once, from the Ksock that received it.",
            Text(() => other.Send(reply)));
        Assert.Equal(
            $"EADDRNOTAVAIL: Ksock 77, which the Reply $.Q to {asked} was for, is not open any more. Ksock {other.Id} of bus 0 sent nothing. Forget the Reply: nobody waits for it.",
            Text(() => other.Send(reply.WithTo(77))));
        Assert.Equal(
            $"EPIPE: Ksock 77 no longer replies to $.Q. {self} sent nothing. {KbusErrors.Advice(Errno.EPIPE)}",
            Text(() => ksock.Send(new Request("$.Q", to: 77))));
        Assert.Equal(
            $"EINVAL: {self} is not bound to $.Q as listener. Unbind what was bound, with the same name and the same role.",
            Text(() => ksock.Unbind("$.Q")));
        Assert.Equal(
            $"EINVAL: Of the flags ALL_OR_WAIT and ALL_OR_FAIL a message has one at the most, and $.A has both. {self} sent nothing. " +
            "Make the message with the functions of the library, which fill in its header, and give it one of the two flags at most.",
            Text(() => ksock.Send(new Announcement("$.A", flags: MessageFlags.AllOrWait | MessageFlags.AllOrFail))));
        Assert.Equal(
            $"ENOMSG: {self} has no message to send: none was written, and none waits. Write the message first.",
            Text(() => ksock.Retry()));
        Assert.Equal("ENAMETOOLONG: The message name is empty. Use a name of 3 to 1000 bytes.", Text(() => ksock.FindReplier("")));
        Assert.Equal(
            "EBADF: Ksock 3 of bus 0 was not opened for reading. Open the Ksock for reading and writing.",
            Text(() => Open(KsockMode.Write).ReadNextMessage()));
        Assert.Equal(
            "EBADF: Ksock 4 of bus 0 was not opened for writing. Open the Ksock for reading and writing.",
            Text(() => Open(KsockMode.Read).Send(new Announcement("$.A"))));
        Assert.Equal(
            "EINVAL: The bus does not take 99 bytes as its greatest message size; 100 is the least, and its absolute maximum the most. " +
            "Give a value in the range that the documentation of the call names.",
            Text(() => ksock.SetMaxMessageSize(99)));
    });

    [Fact]
    public Task A_message_that_waits_for_room_is_told_as_such() => Limited.Run(() =>
    {
        OpenFullListener("$.A");
        Ksock sender = Open();
        var message = new Announcement("$.A", flags: MessageFlags.AllOrWait);
        Assert.Equal(
            $"EAGAIN: Somebody whom $.A is for has a full queue; the message of Ksock {sender.Id} of bus 0 waits, and nobody has received it yet. " +
            "Wait until the Ksock is writable, send again, or discard the message.",
            Text(() => sender.Send(message)));
        Assert.Equal(
            $"EALREADY: The message that Ksock {sender.Id} of bus 0 sent before still waits for room, and goes on waiting; $.A was not taken. " +
            "Wait until the message that waits has gone, or discard it; then send the new one.",
            Text(() => sender.Send(message)));
        Assert.StartsWith("EAGAIN: Somebody whom $.A is for has a full queue; ", Text(() => sender.Retry()), StringComparison.Ordinal);
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
        Assert.All(calls, call => Assert.StartsWith("ENODEV: Bus 0 has died, and Ksock 1 of bus 0 with it. ", Text(call), StringComparison.Ordinal));
    });

    private static string Text(Action call) => Assert.Throws<KbusException>(call).Message;
}

using System.Text;
using Kbus.Core;

namespace Kbus;

/// <summary>Says of each refusal what happened in this very case and what to do then, where the facts are at hand.</summary>
internal static class Refusals
{
    private const MessageFlags BothManners = MessageFlags.AllOrWait | MessageFlags.AllOrFail;
    private const string SendLater =
        "Nobody received it: send it again later, or send with ALL_OR_WAIT to be told when there is room.";

    /// <summary>A message was not sent, or (EAGAIN) waits.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="header">What was to be sent.</param>
    /// <param name="name">Its name.</param>
    /// <param name="dataLength">Bytes of its data.</param>
    public static KbusException OfSend(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
    {
        string called = MessageText.Escape(name);
        return error switch
        {
            Errno.EPIPE => new(error, $"Ksock {header.To} no longer replies to {called}."),
            Errno.EADDRNOTAVAIL when header.IsRequest =>
                new(error, $"Nobody is bound as replier to {called}, so the Request was not sent.", "Start the replier, or wait for it to bind."),
            Errno.EADDRNOTAVAIL =>
                new(error, $"Ksock {header.To}, which the Reply to {header.InReplyTo} was for, is not open any more.", "Nobody waits for the Reply: forget it."),
            Errno.ECONNREFUSED => new(
                error,
                $"Ksock {header.To} expects no reply to {header.InReplyTo} from this Ksock: it was answered already, or given to another Ksock to answer.",
                "Answer each Request once, from the Ksock that received it."),
            Errno.EBUSY when (header.Flags & MessageFlags.AllOrFail) != 0 => new(error, $"Somebody whom {called} is for has a full queue.", SendLater),
            Errno.EBUSY when header.IsReply => new(error, $"The queue of Ksock {header.To}, which the Reply is for, is full.", SendLater),
            Errno.EBUSY => new(error, $"The queue of the replier for {called} is full.", SendLater),
            Errno.EAGAIN => new(
                error,
                $"Somebody whom {called} is for has a full queue; the message waits, and nobody has received it yet.",
                "Wait until it is sent, try it again, or discard it."),
            Errno.ENOLCK => new(error, $"This Ksock's own queue has no room for the reply to {called}."),
            Errno.EBADMSG when MessageName.IsWildcard(name) => new(error, $"{called} is a wildcard; a message needs a plain name.", "Send with a name that has no '*' or '%'."),
            Errno.EBADMSG => new(error, $"{called} is not a legal message name.", "A name is '$' and one or more words of ASCII letters and digits, each after a '.'."),
            Errno.ENAMETOOLONG => new(error, $"The message's name is {name.Length} bytes long; {MessageName.MaxLength} is the most."),
            Errno.EMSGSIZE => new(
                error,
                $"The message {called} would be {MessageLayout.EntireLength((uint)name.Length, (uint)dataLength)} bytes long, more than the bus allows."),
            Errno.EINVAL when name.IsEmpty => new(error, "The message has no name.", "Give it one, such as $.Actor.Speak."),
            Errno.EINVAL when (header.Flags & BothManners) == BothManners =>
                new(error, "The message has both ALL_OR_WAIT and ALL_OR_FAIL.", "Send it with one of them, or with neither."),
            Errno.EALREADY => new(
                error,
                "The message sent before still waits for room; this one was not sent.",
                "Wait until that one is sent, or discard it."),
            Errno.EBADF => new(error, "This Ksock was not opened for writing.", "Open one for reading and writing."),
            _ => new(error),
        };
    }

    /// <summary>The message that waited for room is not sent yet, or will never be.</summary>
    public static KbusException OfRetry(Errno error) => error switch
    {
        Errno.ENOMSG => new(error, "No message waits to be sent.", "Only one that was sent with ALL_OR_WAIT may have to wait."),
        Errno.EAGAIN => new(error, "The message still waits: somebody whom it is for has a full queue.", "Try it again later, or discard it."),
        Errno.EADDRNOTAVAIL => new(
            error, "Nobody can get the message that waited any more: its replier, or the Ksock that its Reply was for, has gone.", "It was given up."),
        Errno.EPIPE => new(error, "The message that waited was for a Ksock that no longer replies to its name."),
        _ => new(error),
    };

    /// <summary>A binding was not made.</summary>
    public static KbusException OfBind(Errno error, string name, bool isReplier, uint replier, uint self)
    {
        string called = MessageText.Escape(name);
        const string later = "Use another name, or bind when it has unbound.";
        return error switch
        {
            Errno.EADDRINUSE when replier == self => new(error, $"This Ksock is already bound as replier to {called}.", "It stays bound: bind as replier once."),
            Errno.EADDRINUSE when replier != 0 => new(error, $"Ksock {replier} is already bound as replier to {called}.", later),
            Errno.EADDRINUSE => new(error, $"Another Ksock was already bound as replier to {called}.", later),
            Errno.EBADMSG when isReplier && name == ReplierBindEvent.MessageName =>
                new(error, $"{called} comes from the bus alone; nobody replies to it.", "Bind to it as a listener."),
            _ => OfName(error, name),
        };
    }

    /// <summary>A binding was not ended.</summary>
    public static KbusException OfUnbind(Errno error, string name, bool isReplier, uint self) => error == Errno.EINVAL
        ? new(
            error,
            $"Ksock {self} is not bound to {MessageText.Escape(name)} as {(isReplier ? "replier" : "listener")}.",
            "Unbind what was bound, with the same name and the same role.")
        : OfName(error, name);

    /// <summary>A question about a name was refused.</summary>
    public static KbusException OfFindReplier(Errno error, string name) => OfName(error, name);

    /// <summary>A setting was refused.</summary>
    public static KbusException OfSetting(Errno error, Setting setting, uint value) => (error, setting) switch
    {
        (Errno.EINVAL, Setting.MaxMessageSize) => new(
            error,
            $"The bus does not take {value} bytes as its greatest message size; 100 is the least.",
            "The most is the absolute maximum, which can be asked for."),
        (Errno.EINVAL, Setting.NewDevice) => new(error, "There are as many buses as there may be.", "Use one that there is."),
        (Errno.EBUSY, Setting.ReportBinds) => new(
            error,
            "Not all present bindings could be reported, because this Ksock's queue is full; reporting is on all the same.",
            "Read what waits, or raise this Ksock's limit (max messages), and ask once more."),
        _ => new(error),
    };

    /// <summary>A message was not read.</summary>
    public static KbusException OfRead(Errno error) => error == Errno.EBADF
        ? new(error, "This Ksock was not opened for reading.", "Open one for reading and writing.")
        : new(error);

    /// <summary>The bus has died, or has closed the Ksock.</summary>
    public static KbusException OfDeath(uint device) => new(
        Errno.ENODEV,
        $"Bus {device} has died, or has closed this Ksock. Requests in flight are answered with $.KBUS.Replier.GoneAway.",
        "Read what is left, if anything is; then close the Ksock, open a new one and bind again.");

    /// <summary>Somebody else has closed the descriptor of the Ksock.</summary>
    public static KbusException OfLoss() => new(
        Errno.EBADF, "Another part of this program has closed the descriptor of this Ksock.", "Close Ksocks, never their descriptors; open another one.");

    private static KbusException OfName(Errno error, string name) => error switch
    {
        Errno.EBADMSG => new(error, $"\"{MessageText.Escape(name)}\" is not a legal message name to bind to."),
        Errno.ENAMETOOLONG when name.Length == 0 => new(error, "The name is empty.", "Give one, such as $.Actor.Speak."),
        Errno.ENAMETOOLONG => new(error, $"The name is {Encoding.UTF8.GetByteCount(name)} bytes long; {MessageName.MaxLength} is the most."),
        Errno.EAGAIN => new(
            error,
            $"A listener for replier bind events has a full queue, so the binding to {MessageText.Escape(name)} is as it was.",
            "Try again when the listener has read."),
        _ => new(error),
    };
}

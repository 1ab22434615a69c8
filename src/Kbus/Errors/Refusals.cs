using System.Text;
using Kbus.Core;

namespace Kbus;

/// <summary>Says of each refusal what happened in this very case, where the facts are at hand.</summary>
internal static class Refusals
{
    /// <summary>A message was not sent, or (EAGAIN) waits.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="header">What was to be sent.</param>
    /// <param name="name">Its name.</param>
    /// <param name="dataLength">Bytes of its data.</param>
    public static KbusException OfSend(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
    {
        string called = Encoding.Latin1.GetString(name);
        string? what = error switch
        {
            Errno.EPIPE => $"Ksock {header.To} no longer replies to {called}.",
            Errno.EADDRNOTAVAIL when header.IsRequest => $"Nobody is bound as replier to {called}, so the Request was not sent.",
            Errno.EADDRNOTAVAIL => $"Ksock {header.To}, which the Reply to {header.InReplyTo} was for, is not open any more.",
            Errno.ECONNREFUSED =>
                $"Ksock {header.To} expects no reply to {header.InReplyTo} from this Ksock: it was answered already, or given to another Ksock to answer.",
            Errno.EBUSY when (header.Flags & MessageFlags.AllOrFail) != 0 => $"Somebody whom {called} is for has a full queue.",
            Errno.EBUSY when header.IsReply => $"The queue of Ksock {header.To}, which the Reply is for, is full.",
            Errno.EBUSY => $"The queue of the replier for {called} is full.",
            Errno.EAGAIN => $"Somebody whom {called} is for has a full queue; the message waits, and nobody has received it yet.",
            Errno.ENOLCK => $"This Ksock's own queue has no room for the reply to {called}.",
            Errno.EBADMSG when MessageName.IsWildcard(name) => $"{called} is a wildcard; a message needs a plain name.",
            Errno.EBADMSG => $"{called} is not a legal message name.",
            Errno.ENAMETOOLONG => $"The message's name is {name.Length} bytes long; {MessageName.MaxLength} is the most.",
            Errno.EMSGSIZE =>
                $"The message {called} would be {MessageLayout.EntireLength((uint)name.Length, (uint)dataLength)} bytes long, more than the bus allows.",
            Errno.EINVAL when name.IsEmpty => "The message has no name.",
            Errno.EALREADY => "The message sent before still waits for room; this one was not sent.",
            Errno.EBADF => "This Ksock was not opened for writing.",
            _ => null,
        };
        return new KbusException(error, what);
    }

    /// <summary>A binding was not made.</summary>
    public static KbusException OfBind(Errno error, string name, bool isReplier, uint replier, uint self)
    {
        string? what = error switch
        {
            Errno.EADDRINUSE when replier == self => $"This Ksock is already bound as replier to {name}.",
            Errno.EADDRINUSE when replier != 0 => $"Ksock {replier} is already bound as replier to {name}.",
            Errno.EADDRINUSE => $"Another Ksock was already bound as replier to {name}.",
            Errno.EBADMSG when isReplier && name == ReplierBindEvent.MessageName => $"{name} comes from the bus alone; nobody replies to it.",
            _ => OfName(error, name),
        };
        return new KbusException(error, what);
    }

    /// <summary>A binding was not ended.</summary>
    public static KbusException OfUnbind(Errno error, string name, bool isReplier, uint self)
    {
        string? what = error == Errno.EINVAL
            ? $"Ksock {self} is not bound to {name} as {(isReplier ? "replier" : "listener")}."
            : OfName(error, name);
        return new KbusException(error, what);
    }

    /// <summary>A question about a name was refused.</summary>
    public static KbusException OfFindReplier(Errno error, string name) => new(error, OfName(error, name));

    /// <summary>A setting was refused.</summary>
    public static KbusException OfSetting(Errno error, Setting setting, uint value)
    {
        string? what = (error, setting) switch
        {
            (Errno.EINVAL, Setting.MaxMessageSize) => $"The bus does not take {value} bytes as its greatest message size; 100 is the least.",
            (Errno.EINVAL, Setting.NewDevice) => "There are as many buses as there may be.",
            (Errno.EBUSY, Setting.ReportBinds) => "Not all present bindings could be reported, because this Ksock's queue is full; reporting is on all the same.",
            _ => null,
        };
        return new KbusException(error, what);
    }

    /// <summary>A message was not read.</summary>
    public static KbusException OfRead(Errno error) =>
        new(error, error == Errno.EBADF ? "This Ksock was not opened for reading." : null);

    private static string? OfName(Errno error, string name) => error switch
    {
        Errno.EBADMSG => $"\"{name}\" is not a legal message name to bind to.",
        Errno.ENAMETOOLONG when name.Length == 0 => "The name is empty.",
        Errno.ENAMETOOLONG => $"The name is {Encoding.UTF8.GetByteCount(name)} bytes long; {MessageName.MaxLength} is the most.",
        Errno.EAGAIN => $"A listener for replier bind events has a full queue, so the binding to {name} is as it was.",
        _ => null,
    };
}

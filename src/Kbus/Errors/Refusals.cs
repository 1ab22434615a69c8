using System.Globalization;
using Kbus.Core;

namespace Kbus;

/// <summary>Says what happened when a bus refuses an operation: with the names that were meant, the Ksock, and the one case that applies.</summary>
/// <remarks>.NET, the C library, Python and the command all show these texts. What could be a stranger's bytes is made printable.</remarks>
internal static class Refusals
{
    /// <summary>Shows a name that may hold anything.</summary>
    public static string Printable(ReadOnlySpan<byte> name) => PrintableText.Of(name);

    /// <summary>A message was not sent, or (EAGAIN) waits.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="header">What was to be sent.</param>
    /// <param name="name">Its name.</param>
    /// <param name="dataLength">Bytes of its data.</param>
    /// <param name="self">Who was to send it.</param>
    public static KbusException OfSend(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength, KsockName self)
    {
        string called = name.IsEmpty ? "the message" : PrintableText.Of(name);
        (string? what, string? because) = error switch
        {
            Errno.EPIPE => ($"Ksock {header.To} no longer replies to {called}.", null),
            Errno.EPERM => ($"The policy does not let {self} send {called}: {PolicyLine.Words}.", "policy"),
            Errno.EADDRNOTAVAIL when header.IsRequest => ($"Nobody is bound as replier to {called}.", "request"),
            Errno.EADDRNOTAVAIL => ($"Ksock {header.To}, which the Reply {called} to {header.InReplyTo} was for, is not open any more.", "reply"),
            Errno.ECONNREFUSED => ($"Ksock {header.To} expects no Reply to {header.InReplyTo} from {self}: it was answered already, or given to another Ksock to answer.", "reply"),
            Errno.EBUSY when (header.Flags & MessageFlags.AllOrFail) != 0 => ($"Somebody whom {called} is for has a full queue.", "all"),
            Errno.EBUSY when header.IsReply => ($"The queue of Ksock {header.To}, which the Reply {called} is for, is full.", "reply"),
            Errno.EBUSY => ($"The queue of the replier for {called} is full.", "request"),
            Errno.EAGAIN => ($"Somebody whom {called} is for has a full queue; the message of {self} waits, and nobody has received it yet.", "send"),
            Errno.ENOLCK => ($"The queue of {self} itself has no room for the Reply to {called}.", null),
            Errno.EBADMSG when MessageName.IsWildcard(name) => ($"{called} is a wildcard; a message needs a plain name.", "name"),
            Errno.EBADMSG => ($"\"{called}\" is not a legal message name.", "name"),
            Errno.ENAMETOOLONG => ($"The message name is more than {MessageName.MaxLength} bytes long.", "name"),
            Errno.EMSGSIZE => ($"The message {called} would be {MessageLayout.EntireLength((uint)name.Length, (uint)dataLength)} bytes long, more than the bus allows.", null),
            Errno.EINVAL when name.IsEmpty && header.NameLength == 0 => ("The message has no name.", "message"),
            Errno.EINVAL when (header.Flags & (MessageFlags.AllOrFail | MessageFlags.AllOrWait)) == (MessageFlags.AllOrFail | MessageFlags.AllOrWait) =>
                ($"Of the flags ALL_OR_WAIT and ALL_OR_FAIL a message has one at the most, and {called} has both.", "message"),
            Errno.EINVAL => ($"What is not right in {called} is its header (a guard, the length of its name, a pointer) or its end.", "message"),
            Errno.EALREADY => ($"The message that {self} sent before still waits for room, and goes on waiting; {called} was not taken.", (string?)null),
            Errno.EBADF when (self.Mode & KsockMode.Write) == 0 => ($"{self} was not opened for writing.", "mode"),
            _ => (null, null),
        };
        string outcome = error switch
        {
            Errno.EAGAIN or Errno.EALREADY or Errno.EBADF => "",
            Errno.ENOLCK or Errno.ECONNREFUSED => " Nothing was sent.",
            _ => $" {self} sent nothing.",
        };
        return Of(error, because, what is null ? null : what + outcome, self, "send");
    }

    /// <summary>The message that waits was tried again, or there is none.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="waiting">What was known to wait; null if it is not known.</param>
    /// <param name="self">Whose it is.</param>
    public static KbusException OfRetry(Errno error, SendSubject? waiting, KsockName self) => error switch
    {
        Errno.ENOMSG => Of(error, "send", $"{self} has no message to send: none was written, and none waits.", self, "send"),
        _ when waiting is not null => OfSend(error, waiting.Header, waiting.Name, waiting.DataLength, self),
        Errno.EAGAIN => Of(error, "send", $"The message of {self} waits on, because somebody whom it is for has a full queue.", self, "send"),
        _ => Of(error, null, null, self, "send"),
    };

    /// <summary>A Status came where a Reply was wanted.</summary>
    /// <param name="status">The Status.</param>
    /// <param name="request">The Request's name; empty if it is not known.</param>
    /// <param name="self">Who asked.</param>
    public static NoReplyException OfStatus(Status status, ReadOnlySpan<byte> request, KsockName self) =>
        new(status, Of(
            Errno.EREMOTEIO,
            "status",
            $"{self} got {(request.IsEmpty ? "a Status" : $"no Reply to {PrintableText.Of(request)}")}: {status.Name}. {status.Meaning}",
            self,
            "call"));

    /// <summary>No answer came in time.</summary>
    /// <param name="request">The Request's name.</param>
    /// <param name="timeout">The time that there was.</param>
    /// <param name="self">Who asked.</param>
    public static ReplyTimeoutException OfNoAnswer(ReadOnlySpan<byte> request, TimeSpan timeout, KsockName self) => new(Of(
        Errno.ETIMEDOUT,
        "wait",
        string.Create(CultureInfo.InvariantCulture, $"No answer to {PrintableText.Of(request)} came to {self} within {timeout.TotalSeconds:0.###} s."),
        self,
        "call"));

    /// <summary>A binding was not made.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="name">The name, or the beginning of one that is too long.</param>
    /// <param name="nameLength">How long the name is, in bytes.</param>
    /// <param name="isReplier">The role.</param>
    /// <param name="replier">Who is bound as replier already, if it is known.</param>
    /// <param name="self">Who was to be bound.</param>
    public static KbusException OfBind(Errno error, ReadOnlySpan<byte> name, int nameLength, bool isReplier, uint replier, KsockName self)
    {
        string called = PrintableText.Of(name);
        return error switch
        {
            Errno.EPERM => Of(error, "policy",
                $"The policy does not let {self} bind to {called} as {(isReplier ? "replier" : "listener")}: {PolicyLine.Words}.", self, "bind"),
            Errno.EADDRINUSE when replier == self.Id => Of(error, null, $"{self} itself is already bound as replier to {called}.", self, "bind"),
            Errno.EADDRINUSE when replier != 0 => Of(error, null, $"Ksock {replier} is already bound as replier to {called}; {self} cannot be it, too.", self, "bind"),
            Errno.EADDRINUSE => Of(error, null, $"Another Ksock was already bound as replier to {called} when {self} was to be.", self, "bind"),
            Errno.EBADMSG when isReplier && name.SequenceEqual(MessageName.ReplierBindEvent) => Of(error, "event", $"{called} comes from the bus alone; nobody replies to it.", self, "bind"),
            _ => OfName(error, name, nameLength, self, "bind"),
        };
    }

    /// <summary>A binding was not ended.</summary>
    public static KbusException OfUnbind(Errno error, ReadOnlySpan<byte> name, int nameLength, bool isReplier, KsockName self) => error == Errno.EINVAL
        ? Of(error, "unbind", $"{self} is not bound to {PrintableText.Of(name)} as {(isReplier ? "replier" : "listener")}.", self, "unbind")
        : OfName(error, name, nameLength, self, "unbind");

    /// <summary>A question about a name was refused.</summary>
    public static KbusException OfFindReplier(Errno error, ReadOnlySpan<byte> name, int nameLength, KsockName self) =>
        OfName(error, name, nameLength, self, "find");

    /// <summary>Something was refused because a share is used up (EDQUOT).</summary>
    /// <param name="quota">What is used up, and whose share it is.</param>
    /// <param name="what">What was to be done.</param>
    /// <param name="self">Who was to do it.</param>
    /// <param name="operation">What was attempted, as <c>eng/errors.json</c> has it.</param>
    public static KbusException OfQuota(QuotaRefusal quota, string what, KsockName self, string operation)
    {
        string whose = quota.Level switch
        {
            ChargeLevel.Ksock => $"{self}",
            ChargeLevel.Process => $"The process of {self}",
            _ => $"The user of {self}",
        };
        string limit = quota.Limit == uint.MaxValue ? "as much as may be" : quota.Limit.ToString(CultureInfo.InvariantCulture);
        (string because, string holds) = quota.Kind switch
        {
            ChargeKind.Bindings when quota.Level == ChargeLevel.Ksock => ("repeats", $"is bound to that name {limit} times"),
            ChargeKind.Bindings => ("bindings", $"holds {limit} bindings"),
            ChargeKind.NameBytes => ("names", $"is bound to names of {limit} bytes together"),
            ChargeKind.Requests => ("requests", $"is owed {limit} Replies"),
            ChargeKind.MessageBytes => ("bytes", $"holds messages of {limit} bytes together"),
            ChargeKind.Ksocks => ("ksocks", $"has {limit} Ksocks open"),
            _ => ("buses", $"has made {limit} buses"),
        };
        string share = quota.Level == ChargeLevel.Ksock ? "the most that may be" : "its present share of what there is";
        return Of(Errno.EDQUOT, because, $"{what} {whose} {holds}, or nearly: {share}.", self, operation);
    }

    /// <summary>A setting was refused.</summary>
    /// <param name="error">The bus's answer.</param>
    /// <param name="setting">Which.</param>
    /// <param name="value">What it was to be.</param>
    /// <param name="self">Who was to set it.</param>
    public static KbusException OfSetting(Errno error, Setting setting, uint value, KsockName? self)
    {
        (string? what, string? because) = (error, setting) switch
        {
            (Errno.EINVAL, Setting.MaxMessageSize) => ($"The bus does not take {value} bytes as its greatest message size; 100 is the least, and its absolute maximum the most.", "value"),
            (Errno.EPERM, _) => ($"The policy does not let {self} {Change(setting)}: {PolicyLine.Words}.", "policy"),
            (Errno.EINVAL, Setting.NewDevice) => ("There are as many buses as there may be.", "buses"),
            (Errno.EINVAL, _) => ($"{value} is not a value of this setting.", "value"),
            (Errno.EBUSY, Setting.ReportBinds) => ($"Not all present bindings could be reported to {self}, because its queue is full; reporting is on all the same.", "events"),
            _ => (null, null),
        };
        return Of(error, because, what, self, "set");
    }

    /// <summary>A message was not read, or a wait for one ended.</summary>
    public static KbusException OfRead(Errno error, KsockName self) => error == Errno.EBADF && (self.Mode & KsockMode.Read) == 0
        ? Of(error, "mode", $"{self} was not opened for reading.", self, "read")
        : Of(error, null, null, self, "read");

    /// <summary>Somebody else has closed the descriptor of a Ksock.</summary>
    public static KbusException OfLoss(KsockName self) =>
        Of(Errno.EBADF, "closed", $"Another part of this program has closed the descriptor of {self}.", self, "read");

    /// <summary>Any other call that failed.</summary>
    /// <param name="error">Which error.</param>
    /// <param name="because">The case that applies, by its key; null if that is to be told by the operation.</param>
    /// <param name="what">What happened, as sentences; null for what the error means in general.</param>
    /// <param name="self">Whose call it was, if anybody's.</param>
    /// <param name="operation">What was attempted, as <c>eng/errors.json</c> has it.</param>
    public static KbusException Of(Errno error, string? because, string? what, KsockName? self, string operation)
    {
        what ??= (error, self) switch
        {
            (Errno.ENODEV, { Fault: { } fault } ksock) =>
                $"A fault of KBUS itself has ended {ksock}, and nothing else. Please report it: {fault}. "
                + "What had been delivered can still be read, and then a Status for each Request in flight.",
            (Errno.ENODEV, { } ksock) =>
                $"Bus {ksock.Device} has died, and {ksock} with it. What had been delivered can still be read, and then a Status for each Request in flight.",
            (Errno.EBADF, { } ksock) => $"{ksock} is closed, or its descriptor is.",
            _ => null,
        };
        because ??= error == Errno.EBADF ? "closed" : null;
        ErrnoCase[] cases = ErrnoTable.Cases(error);
        ErrnoCase? applies = cases.Length == 1 ? cases[0] : Array.Find(cases, c => because is null ? c.IsOn(operation) : c.Key == because);
        return KbusException.InCase(error, applies, what);
    }

    private static string Change(Setting setting) => setting switch
    {
        Setting.MaxMessageSize => "change the greatest message size",
        Setting.Verbose => "change the verbosity",
        Setting.ReportBinds => "change the reporting of repliers' binds",
        Setting.NetworkId => "act as a Limpet",
        Setting.NewDevice => "make a bus",
        _ => "change this setting",
    };

    private static KbusException OfName(Errno error, ReadOnlySpan<byte> name, int nameLength, KsockName self, string operation)
    {
        string called = PrintableText.Of(name);
        (string? what, string? because) = error switch
        {
            Errno.EBADMSG => ($"\"{called}\" is not a legal message name to bind to.", "name"),
            Errno.ENAMETOOLONG when nameLength == 0 => ("The message name is empty.", "name"),
            Errno.ENAMETOOLONG => ($"The message name is more than {MessageName.MaxLength} bytes long.", "name"),
            Errno.EAGAIN => ($"A listener for replier bind events has a full queue, so the binding of {self} to {called} is as it was.", "bind"),
            _ => (null, null),
        };
        return Of(error, because, what, self, operation);
    }
}

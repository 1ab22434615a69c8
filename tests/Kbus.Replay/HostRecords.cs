namespace Kbus.Replay;

/// <summary>What SEND gave. A failure may have an id as well: the call fills it in with EAGAIN.</summary>
internal readonly record struct SendResult(Errno Errno, MessageId? Id);

/// <summary>What NEXTMSG gave: 1 and the length of the message in entire form, or 0 and 0.</summary>
internal readonly record struct NextMessage(int ReturnValue, uint Length);

/// <summary>What REPLIER gave: 1 and a Ksock id, or 0 and 0.</summary>
internal readonly record struct FoundReplier(int ReturnValue, uint KsockId);

/// <summary>What one poll reported.</summary>
internal readonly record struct Readiness(bool Readable, bool Writable);

/// <summary>One line of the list of bindings.</summary>
internal readonly record struct BindingLine(uint Bus, uint KsockId, bool IsReplier, byte[] Name);

namespace Kbus;

/// <summary>The kinds of message, told apart by header and name. Source: spec sections 4.4 and 10.3 (printed forms).</summary>
public enum MessageKind
{
    /// <summary>A plain message for whoever listens. Nobody need.</summary>
    Announcement,

    /// <summary>A message that gets exactly one answer (WANT_A_REPLY).</summary>
    Request,

    /// <summary>An answer from a replier (<c>in_reply_to</c> is set).</summary>
    Reply,

    /// <summary>An answer from the bus itself, because the replier could not give one.</summary>
    Status,

    /// <summary>The bus's announcement that a replier has bound or unbound.</summary>
    ReplierBindEvent,
}

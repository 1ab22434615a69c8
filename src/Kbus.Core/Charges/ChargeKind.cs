namespace Kbus.Core;

/// <summary>What members use up, and what is therefore charged on them.</summary>
internal enum ChargeKind
{
    /// <summary>Bindings, as listener or replier; each repeat of a name counts.</summary>
    Bindings,

    /// <summary>Bytes of the names in those bindings.</summary>
    NameBytes,

    /// <summary>Requests that are owed an answer, or whose copy still waits unread though they have been answered.</summary>
    Requests,

    /// <summary>Bytes of messages: queued, waiting to be sent, under construction, and kept while they are read; with what the bus keeps
    /// beside each.</summary>
    MessageBytes,

    /// <summary>Open Ksocks.</summary>
    Ksocks,

    /// <summary>Buses made by NEWDEVICE.</summary>
    Buses,
}

/// <summary>Whose share was used up when something was refused.</summary>
internal enum ChargeLevel
{
    /// <summary>One Ksock's: the same name bound too often.</summary>
    Ksock,

    /// <summary>The process's share of what its user may have.</summary>
    Process,

    /// <summary>The user's share of all there is.</summary>
    User,
}

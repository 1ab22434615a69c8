namespace Kbus.Policy;

/// <summary>What a policy can allow or deny.</summary>
internal enum PolicyAction
{
    /// <summary>Open a Ksock for reading messages.</summary>
    OpenForReading,

    /// <summary>Open a Ksock for sending messages.</summary>
    OpenForWriting,

    /// <summary>Bind to a name as listener.</summary>
    Listen,

    /// <summary>Bind to a name as replier, and let listeners receive a Reply of that name.</summary>
    Reply,

    /// <summary>Send an announcement or a Request of a name.</summary>
    Send,

    /// <summary>Become a Limpet, with a network id.</summary>
    UseNetworkId,

    /// <summary>Change the bus's greatest message size (MAXMSGSIZE).</summary>
    SetMaxMessageSize,

    /// <summary>Change the bus's verbosity (VERBOSE).</summary>
    SetVerbose,

    /// <summary>Change whether the bus reports repliers' binds (REPORTREPLIERBINDS).</summary>
    SetReportBinds,

    /// <summary>Make another bus (NEWDEVICE).</summary>
    MakeBus,

    /// <summary>See the bus in the status: its Ksocks, bindings and queues.</summary>
    SeeStatus,

    /// <summary>Watch the bus: see each message and each event on it.</summary>
    Watch,
}

namespace Kbus.Simulation;

/// <summary>What one step does. The numbers of the step, and the state of who acts, decide the rest.</summary>
internal enum Act
{
    /// <summary>A new Ksock is opened where there is none.</summary>
    Open,

    /// <summary>The member binds to a name.</summary>
    Bind,

    /// <summary>The member binds to the reports of repliers' binds.</summary>
    Watch,

    /// <summary>The member listens to the first of the names.</summary>
    Join,

    /// <summary>The member has repliers' binds reported from now on.</summary>
    Report,

    /// <summary>The member unbinds from a name.</summary>
    Unbind,

    /// <summary>The member sends an announcement.</summary>
    Announce,

    /// <summary>The member sends a Request.</summary>
    Request,

    /// <summary>The member answers a Request that it has taken.</summary>
    Reply,

    /// <summary>The member takes what is in front of its queue.</summary>
    Take,

    /// <summary>The member takes several messages by one change of the ring's head.</summary>
    TakeSome,

    /// <summary>The member takes all there is, and goes to sleep.</summary>
    Empty,

    /// <summary>The member copies what is in front and takes it with a later step, if it is still there then.</summary>
    Peek,

    /// <summary>The member goes to sleep until it is rung.</summary>
    Sleep,

    /// <summary>The member looks after a message that waits for room: it retries, polls or discards.</summary>
    Tend,

    /// <summary>The member asks for or changes a setting.</summary>
    Ask,

    /// <summary>The member asks who replies to a name.</summary>
    FindReplier,

    /// <summary>The member awaits an answer no more.</summary>
    Withdraw,

    /// <summary>The member gives back a big message that it has read in place.</summary>
    GiveBack,

    /// <summary>The member does nothing for a while, whatever its further steps say.</summary>
    Stop,

    /// <summary>The member closes its Ksock.</summary>
    Close,

    /// <summary>The member's end of the socket is closed without a word.</summary>
    HangUp,

    /// <summary>The member's process dies, and all its Ksocks with it.</summary>
    Die,

    /// <summary>The member writes nonsense into the memory that it shares with the bus.</summary>
    Scribble,

    /// <summary>The member has another bus made.</summary>
    MakeBus,

    /// <summary>The policy is read again.</summary>
    Reload,

    /// <summary>The bus does one round.</summary>
    Round,

    /// <summary>The bus goes on until it would sleep.</summary>
    Rest,

    /// <summary>Time passes.</summary>
    Wait,
}

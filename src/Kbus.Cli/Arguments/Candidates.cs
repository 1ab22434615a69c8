namespace Kbus.Cli;

/// <summary>What a word on the command line can be completed with.</summary>
internal enum Candidates
{
    /// <summary>Nothing that we know of.</summary>
    None,

    /// <summary>Numbers of buses that exist now.</summary>
    Buses,

    /// <summary>Names that somebody is bound to, wildcards included.</summary>
    BoundNames,

    /// <summary>Names that a message can have and that somebody is bound to.</summary>
    MessageNames,

    /// <summary>Names that have a replier.</summary>
    RepliedNames,

    /// <summary>Ids of Ksocks that are bound as repliers.</summary>
    Repliers,

    /// <summary>Programs that have Ksocks.</summary>
    Programs,

    /// <summary>Users that have Ksocks.</summary>
    Users,

    /// <summary>Forms of data in JSON.</summary>
    DataForms,

    /// <summary>Forms of a Limpet's log.</summary>
    LogForms,

    /// <summary>Kinds of events on a bus.</summary>
    EventKinds,

    /// <summary>Forms of the time of an event.</summary>
    TimeForms,

    /// <summary>Columns by which the busiest are sorted.</summary>
    TopOrders,

    /// <summary>Ids of Ksocks.</summary>
    Ksocks,

    /// <summary>Symbols of errors.</summary>
    Errors,

    /// <summary>Shells that completion can be made for.</summary>
    Shells,

    /// <summary>Verbs of this command.</summary>
    Verbs,

    /// <summary>What can be done with a policy.</summary>
    PolicyDeeds,

    /// <summary>Modes in which a Ksock can be opened.</summary>
    OpenModes,

    /// <summary>Settings of a bus.</summary>
    Settings,

    /// <summary>Files: the shell itself knows better.</summary>
    Files,

    /// <summary>Directories: the shell itself knows better.</summary>
    Directories,
}

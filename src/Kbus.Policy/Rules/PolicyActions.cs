namespace Kbus.Policy;

/// <summary>The actions of a policy, in groups and in words.</summary>
internal static class PolicyActions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<PolicyAction> All { get; } = Enum.GetValues<PolicyAction>();

    /// <summary>True if a rule names the names to which it applies.</summary>
    public static bool IsOfNames(PolicyAction action) => action is PolicyAction.Listen or PolicyAction.Reply or PolicyAction.Send;

    /// <summary>The action as the rest of a sentence: "may not ...".</summary>
    /// <param name="action">The action.</param>
    /// <param name="name">The name, already printable; ignored where an action has none.</param>
    public static string Describe(PolicyAction action, string name) => action switch
    {
        PolicyAction.OpenForReading => "open a Ksock for reading",
        PolicyAction.OpenForWriting => "open a Ksock for writing",
        PolicyAction.Listen => $"bind to {name} as listener",
        PolicyAction.Reply => $"bind to {name} as replier",
        PolicyAction.Send => $"send {name}",
        PolicyAction.UseNetworkId => "use a network id (act as a Limpet)",
        PolicyAction.SetMaxMessageSize => "change the greatest message size (MAXMSGSIZE)",
        PolicyAction.SetVerbose => "change the verbosity (VERBOSE)",
        PolicyAction.SetReportBinds => "change the reporting of repliers' binds (REPORTREPLIERBINDS)",
        PolicyAction.MakeBus => "make a bus (NEWDEVICE)",
        PolicyAction.SeeStatus => "see the status",
        _ => "watch the bus",
    };
}

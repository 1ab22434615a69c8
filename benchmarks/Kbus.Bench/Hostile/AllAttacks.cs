namespace Kbus.Bench.Hostile;

/// <summary>All attacks, in the order in which they are made.</summary>
internal static class AllAttacks
{
    public static IReadOnlyList<Attack> List { get; } =
    [
        new("none", "nothing: what the honest pair sees by itself", 0, a => a.Repeat(() => Thread.Sleep(10))),
        new("urgent", "binds one name many times and sends urgent messages to it", 200_000, BindingAttacks.OneUrgent),
        new("twins", "binds two Ksocks to one name many times each; one closes, the other dies", 300_000, BindingAttacks.Twins),
        new("debts", "takes own Requests and answers none; then closes", 1_000_000, MessageAttacks.Debts),
        new("one-name", "binds the same name of 1000 bytes again and again and asks the status", 2_300_000, BindingAttacks.OneName),
        new("urgent-flood", "floods own listeners with urgent messages", 32, MessageAttacks.UrgentFlood),
        new("flood", "floods own listeners that take nothing", 32, MessageAttacks.Flood),
        new("copies", "sends to a name that is bound many times", 1_000_000, BindingAttacks.ManyCopies),
        new("bind-reports", "has all repliers reported again and again", 200_000, BindingAttacks.BindReports),
        new("rebind", "binds, sends and unbinds as fast as can be, beside a wildcard bound many times", 10_000, BindingAttacks.Rebind),
        new("unbind", "binds and unbinds with a long queue", 1_000_000, LinkAttacks.Unbind),
        new("bind-events", "binds and closes repliers, with many bindings that hear of it", 200_000, LinkAttacks.BindEvents),
        new("levels", "sends names of hundreds of levels, with wildcards at each", 490, BindingAttacks.Levels),
        new("new-names", "sends names that nobody has seen before", 0, MessageAttacks.NewNames),
        new("names", "binds many names of 1000 bytes", 300_000, BindingAttacks.ManyNames),
        new("small", "fills queues with messages of 96 bytes", 4_000_000, MessageAttacks.SmallMessages),
        new("begun", "begins messages of 64 MiB on many Ksocks and ends none", 1000, MessageAttacks.UnfinishedSends),
        new("kept", "takes big messages and keeps them", 10_000, MessageAttacks.KeptPayloads),
        new("waiters", "has many senders wait for room in one queue", 1000, MessageAttacks.WaitingSenders),
        new("sleepers", "has many members rung that hear no ring", 2000, LinkAttacks.Sleepers),
        new("withdraw", "gives up answers that nobody owes", 1_000_000, LinkAttacks.Withdraw),
        new("overheard", "is a Limpet of ever another network id, and overhears urgent Requests", 200_000, LinkAttacks.Overheard),
        new("idle", "writes commands that do nothing, withdrawn ones among them, on so many links", 8, LinkAttacks.IdleCommands),
        new("message-size", "sets MAXMSGSIZE as fast as can be, with many Ksocks", 2000, MemberAttacks.MessageSizes),
        new("status", "asks the status with so many threads all the time", 8, MemberAttacks.Status),
        new("charges", "asks for the charges with so many threads all the time", 8, MemberAttacks.Charges),
        new("unread-status", "asks the status of many bindings and does not read it", 64, MemberAttacks.UnreadStatus),
        new("silent", "keeps so many connections to the control socket that say nothing", 16, MemberAttacks.SilentQuestions),
        new("silent-many", "the same with a thousand", 1000, MemberAttacks.SilentQuestions),
        new("long-questions", "sends questions without an end, on so many connections", 32, LinkAttacks.LongQuestions),
        new("silent-links", "keeps connections to the bus that say nothing", 1000, MemberAttacks.SilentLinks),
        new("descriptors", "passes descriptors with greetings that never end", 1000, LinkAttacks.Descriptors),
        new("ksocks", "opens as many Ksocks as can be", 1_000_000, MemberAttacks.Ksocks),
        new("buses", "makes as many buses as can be", 0, MemberAttacks.Buses),
        new("reopen", "opens and closes as fast as can be", 0, MemberAttacks.Reopen),
        new("bells", "rings the bells of many links with nothing to say", 200, MemberAttacks.Bells),
        new("scribble", "writes at random into the memory of its links", 0, MemberAttacks.Scribble),
        new("deaths", "is killed with many Ksocks open, again and again", 1000, MemberAttacks.Deaths) { IsRepeated = true },
    ];
}

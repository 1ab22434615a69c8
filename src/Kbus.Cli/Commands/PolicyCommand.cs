using System.Globalization;
using Kbus.Policy;

namespace Kbus.Cli;

/// <summary><c>kbus policy</c>: whether a policy file is right, and what it allows whom. No daemon is asked.</summary>
internal static class PolicyCommand
{
    /// <summary>The operand that checks a file.</summary>
    public const string Check = "check";

    /// <summary>The operand that explains what a file allows.</summary>
    public const string Explain = "explain";

    private const string UsualFile = "/etc/kbus/policy.json";
    private const uint MostBuses = 256;

    /// <summary>The modes that can be asked about.</summary>
    public static IReadOnlyList<string> Modes { get; } = ["read", "write", "both"];

    /// <summary>The settings that can be asked about.</summary>
    public static IReadOnlyDictionary<string, PolicyAction> Settings { get; } = new Dictionary<string, PolicyAction>
    {
        ["MAXMSGSIZE"] = PolicyAction.SetMaxMessageSize,
        ["VERBOSE"] = PolicyAction.SetVerbose,
        ["REPORTREPLIERBINDS"] = PolicyAction.SetReportBinds,
    };

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        IReadOnlyList<string> operands = invocation.Arguments.Operands;
        try
        {
            return operands[0] switch
            {
                Check => RunCheck(invocation),
                Explain => RunExplain(invocation),
                _ => throw Usage($"'{operands[0]}' is neither {Check} nor {Explain}."),
            };
        }
        catch (PolicyException e)
        {
            throw new CommandException(ExitCode.Failed, e.Message);
        }
    }

    private static int RunCheck(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.Operands.Count < 2 || arguments.Verb!.Options.Any(arguments.Has))
        {
            throw Usage($"{Check} needs the name of a file, and takes no options.");
        }

        string path = arguments.Operands[1];
        int rules = PolicyFile.Read(path, new AccountNames()).Rules.Count;
        invocation.Output.WriteLine($"{TerminalText.Of(path)}: {rules} rule{(rules == 1 ? "" : "s")}, and nothing is wrong with {(rules == 1 ? "it" : "them")}.");
        return ExitCode.Done;
    }

    private static int RunExplain(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.Operands.Count > 1)
        {
            throw Usage($"{Explain} takes the file by --file FILE.");
        }

        uint bus = arguments.Number(Options.Bus) ?? 0;
        if (bus >= MostBuses)
        {
            throw Usage($"--bus: the number of a bus is 0 to {MostBuses - 1}.");
        }

        List<(PolicyAction Action, NamePattern Name)> questions = Questions(arguments);
        string path = arguments.Text(Options.File) ?? UsualFile;
        var accounts = new AccountNames();
        PolicyRules rules = PolicyFile.Read(path, accounts);
        string user = arguments.Text(Options.User) ?? Environment.UserName;
        Permissions permissions = rules.For(IdentityOf(user, arguments.Texts(Options.Group), accounts), bus);
        bool allAllowed = true;
        foreach ((PolicyAction action, NamePattern name) in questions)
        {
            bool isOfNames = PolicyActions.IsOfNames(action);
            Verdict verdict = isOfNames ? permissions.Decide(action, name.Text) : permissions.Decide(action);
            allAllowed &= verdict.IsAllowed;
            string what = PolicyActions.Describe(action, isOfNames ? name.ToString() : "");
            string may = $"{TerminalText.Of(user)} may {(verdict.IsAllowed ? "" : "not ")}{what} on bus {bus}";
            invocation.Output.WriteLine($"{(verdict.IsAllowed ? "allowed" : "denied")}: {may}: {rules.Source(verdict)}.");
        }

        return allAllowed ? ExitCode.Done : ExitCode.Failed;
    }

    private static List<(PolicyAction Action, NamePattern Name)> Questions(ParsedArguments arguments)
    {
        List<(PolicyAction Action, NamePattern Name)> questions = [];
        foreach (string mode in arguments.Texts(Options.OpenMode))
        {
            if (!Modes.Contains(mode))
            {
                throw Usage($"{Options.OpenMode}: '{mode}' is not one of {string.Join(", ", Modes)}.");
            }

            AddIf(mode != "write", PolicyAction.OpenForReading);
            AddIf(mode != "read", PolicyAction.OpenForWriting);
        }

        PolicyAction binding = arguments.Has(Options.Replier) ? PolicyAction.Reply : PolicyAction.Listen;
        questions.AddRange(arguments.Texts(Options.BindName).Select(n => (binding, NameOf(Options.BindName, n))));
        questions.AddRange(arguments.Texts(Options.SendName).Select(n => (PolicyAction.Send, NameOf(Options.SendName, n))));
        foreach (string setting in arguments.Texts(Options.Set))
        {
            AddIf(true, Settings.TryGetValue(setting, out PolicyAction action)
                ? action
                : throw Usage($"{Options.Set}: '{setting}' is not one of {string.Join(", ", Settings.Keys)}."));
        }

        AddIf(arguments.Has(Options.SeeStatus), PolicyAction.SeeStatus);
        AddIf(arguments.Has(Options.ActAsLimpet), PolicyAction.UseNetworkId);
        AddIf(arguments.Has(Options.NewBus), PolicyAction.MakeBus);
        AddIf(arguments.Has(Options.Watch), PolicyAction.Watch);
        if (arguments.Has(Options.Replier) && !arguments.Has(Options.BindName))
        {
            throw Usage($"{Options.Replier} goes with {Options.BindName} NAME.");
        }

        return questions.Count > 0 ? questions : throw Usage($"{Explain} needs a question, such as --send NAME or --bind NAME.");

        void AddIf(bool isAsked, PolicyAction action)
        {
            if (isAsked)
            {
                questions.Add((action, default));
            }
        }
    }

    private static NamePattern NameOf(Option option, string text)
    {
        if (!NamePattern.TryRead(text, out NamePattern pattern))
        {
            throw Usage($"{option}: EBADMSG: '{text}' is not a legal message name.");
        }

        return option.Name == Options.SendName.Name && pattern.IsWildcard
            ? throw Usage($"{option}: EBADMSG: '{text}' is a wildcard; a message needs a plain name.")
            : pattern;
    }

    /// <summary>A user with the groups that the user's new processes have, and those that are named besides.</summary>
    private static Identity IdentityOf(string user, IReadOnlyList<string> further, AccountNames accounts)
    {
        bool isNumber = uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
        number = isNumber ? number : accounts.User(user) ?? throw new CommandException(ExitCode.Failed, $"there is no user '{user}'.");
        List<uint> groups = [.. accounts.GroupsOf(isNumber ? UserNames.Of(number) : user)];
        foreach (string group in further)
        {
            groups.Add(uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint given)
                ? given
                : accounts.Group(group) ?? throw new CommandException(ExitCode.Failed, $"there is no group '{group}'."));
        }

        return new Identity(number, groups);
    }

    private static CommandException Usage(string message) => CommandException.Usage(message, "policy");
}

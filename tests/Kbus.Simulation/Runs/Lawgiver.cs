using Kbus.Policy;

namespace Kbus.Simulation;

/// <summary>One policy of a run: the rules as the bus gets them, and what they mean, worked out here in the simplest way.</summary>
/// <remarks>
/// It decides a wildcard by asking about many names. Rules speak of few words; so a word that none of them has stands for all others, and the answer is
/// exact.
/// </remarks>
internal sealed class Lawgiver
{
    private const string Fresh = "zz";

    /// <summary>The second user's processes are in this group, too.</summary>
    public const uint Group = 77;

    private static readonly string[] Prefixes = ["$", "$.A", "$.A.B", "$.A.C", "$.B", "$.A.B.C", "$.KBUS"];
    private static readonly string[] Patterns = ["$.*", "$.A.*", "$.A.%", "$.%", "$.A.B.*", "$.A.B.%"];
    private static readonly string[] Names = ["$.A", "$.A.B", "$.A.C", "$.B", "$.A.B.C", "$.Answer", Judgement.EventName];

    private static readonly PolicyAction[] Plain =
    [
        PolicyAction.OpenForReading, PolicyAction.OpenForWriting, PolicyAction.UseNetworkId, PolicyAction.SetMaxMessageSize, PolicyAction.SetVerbose,
        PolicyAction.SetReportBinds, PolicyAction.MakeBus,
    ];

    private static readonly PolicyAction[] Named = [PolicyAction.Listen, PolicyAction.Reply, PolicyAction.Send];
    private static readonly string[] Witnesses = [.. Names, .. Prefixes.Select(p => $"{p}.{Fresh}"), .. Prefixes.Select(p => $"{p}.{Fresh}.{Fresh}")];

    private readonly List<Law> _laws = [];
    private readonly Dictionary<(uint User, uint Bus, PolicyAction Action, string Name), bool> _known = [];

    /// <summary>Makes a policy.</summary>
    /// <param name="dice">From what it follows.</param>
    /// <param name="closesOften">True if it says much about who may have a Ksock open.</param>
    public Lawgiver(ref Dice dice, bool closesOften = false)
    {
        bool isStrict = dice.OneIn(2);
        for (int i = dice.Below(6); i >= 0; i--)
        {
            _laws.Add(SomeLaw(ref dice, closesOften));
        }

        if (!isStrict)
        {
            // Nothing happens where too much is denied.
            _laws.Add(new Law(true, null, null, [.. Plain], [.. Named], ["$.*"]));
        }

        Rules = new PolicyRules("policy.json", [.. _laws.Select((law, i) => law.ToRule((uint)i + 1))]);
    }

    /// <summary>What the bus goes by.</summary>
    public PolicyRules Rules { get; }

    /// <summary>Whose processes a policy sees there.</summary>
    public static Identity IdentityOf(uint user) => new(user, user == 2 ? [user, Group] : [user]);

    /// <summary>Whether somebody may do something, with a name or with every name that a wildcard matches.</summary>
    public bool May(uint user, uint bus, PolicyAction action, string name = "")
    {
        var key = (user, bus, action, name);
        if (!_known.TryGetValue(key, out bool may))
        {
            bool isWildcard = name.Length > 0 && name[^1] is '*' or '%';
            may = isWildcard
                ? Witnesses.Where(w => Bound.IsMatch(name, w)).All(w => Decide(user, bus, action, w))
                : Decide(user, bus, action, name);
            _known.Add(key, may);
        }

        return may;
    }

    /// <summary>Whether somebody may have a Ksock open in a mode.</summary>
    public bool MayOpen(uint user, uint bus, bool canSend) =>
        May(user, bus, PolicyAction.OpenForReading) && (!canSend || May(user, bus, PolicyAction.OpenForWriting));

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", _laws);

    private bool Decide(uint user, uint bus, PolicyAction action, string name) =>
        _laws.Find(law => law.IsAbout(user, bus, action, name)) is { Allows: true };

    private static Law SomeLaw(ref Dice dice, bool closesOften)
    {
        string? whom = dice.Below(4) switch
        {
            0 => "user 1",
            1 => "user 2",
            2 => "group",
            _ => null,
        };
        var plain = new List<PolicyAction>();
        var named = new List<PolicyAction>();
        foreach (PolicyAction action in Plain)
        {
            bool isOpening = action is PolicyAction.OpenForReading or PolicyAction.OpenForWriting;
            if (dice.OneIn(isOpening && !closesOften ? 12 : 4))
            {
                plain.Add(action);
            }
        }

        foreach (PolicyAction action in Named)
        {
            if (dice.OneIn(2))
            {
                named.Add(action);
            }
        }

        string[] patterns = [dice.OneIn(2) ? dice.Of<string>(Patterns) : dice.Of<string>(Names), dice.OneIn(3) ? dice.Of<string>(Patterns) : dice.Of<string>(Names)];
        return new Law(dice.OneIn(2), whom, dice.OneIn(4) ? (uint)dice.Below(2) : null, plain, named, patterns);
    }

    private sealed record Law(bool Allows, string? Whom, uint? Bus, List<PolicyAction> Plain, List<PolicyAction> Named, string[] Patterns)
    {
        public bool IsAbout(uint user, uint bus, PolicyAction action, string name)
        {
            bool isWhom = Whom switch
            {
                null => true,
                "user 1" => user == 1,
                _ => user == 2,
            };
            bool isWhat = Plain.Contains(action) || (Named.Contains(action) && Patterns.Any(p => Bound.IsMatch(p, name)));
            return isWhom && (Bus is null || Bus == bus) && isWhat;
        }

        public PolicyRule ToRule(uint line)
        {
            IReadOnlyList<NamePattern> patterns = [.. Patterns.Select(p => NamePattern.TryRead(p, out NamePattern pattern) ? pattern : default)];
            return new PolicyRule
            {
                Line = line,
                Allows = Allows,
                Whom = Whom switch
                {
                    null => new Whom { IsEverybody = true },
                    "user 1" => new Whom { Users = new HashSet<uint> { 1 } },
                    "user 2" => new Whom { Users = new HashSet<uint> { 2 } },
                    _ => new Whom { Groups = new HashSet<uint> { Group } },
                },
                Buses = Bus is { } bus ? new HashSet<uint> { bus } : null,
                Actions = new HashSet<PolicyAction>(Plain),
                Names = Named.ToDictionary(a => a, _ => patterns),
            };
        }

        public override string ToString() =>
            $"{(Allows ? "allow" : "deny")} {Whom ?? "everybody"}{(Bus is { } bus ? $" on {bus}" : "")} {string.Join(',', Plain)} {string.Join(',', Named)} {string.Join(',', Patterns)}";
    }
}

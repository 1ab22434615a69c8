using System.Text;
using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Fuzz;

/// <summary>A policy file. One that is accepted decides as its rules do when they are gone through one by one, and the same when it is read again.</summary>
internal sealed class PolicyTarget : Target
{
    private static readonly string[] OwnNames = ["$.A", "$.A.B", "$.A.%", "$.A.*", "$.*", "$.%", "$.KBUS.X"];

    /// <inheritdoc/>
    public override string Name => "policy";

    /// <inheritdoc/>
    public override string About => "policy files, and what they decide";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        """{"rules":[{"allow":"root","everything":true},{"deny":["@clock","a"],"buses":[0,1],"send":"$.A.*"}]}"""u8.ToArray(),
        """{"rules":[{"allow":"everybody","listen":["$.A.%","$.B"],"reply":"$.A.B","open":["read","write"]}]}"""u8.ToArray(),
        """{"rules":[{"deny":"everybody","settings":["MAXMSGSIZE","VERBOSE","REPORTREPLIERBINDS"]},{"allow":"7","limpet":true,"status":true}]}"""u8.ToArray(),
        "// c\n{\"rules\":[/* c */{\"allow\":\"@a\",\"new-bus\":true,\"watch\":true,\"send\":[\"$.\\u0041.*\",],},]}"u8.ToArray(),
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        PolicyRules rules;
        try
        {
            rules = PolicyFile.Parse("p.json", input, new FixedAccounts());
        }
        catch (PolicyException)
        {
            return;
        }

        PolicyRules again = PolicyFile.Parse("p.json", input, new FixedAccounts());
        Expect(rules.Rules.Count == again.Rules.Count, "a policy that is read again has other rules");
        string[] names =
        [
            .. OwnNames,
            .. rules.Rules.SelectMany(r => r.Names.Values).SelectMany(n => n).Select(n => n.ToString()).Distinct().Take(20).SelectMany(Near),
        ];
        Identity[] identities = [new(0, [0]), new(102, [101]), new(9, []), new(102, [7], areGroupsKnown: false)];
        foreach (Identity identity in identities)
        {
            foreach (uint bus in (uint[])[0, 1])
            {
                Permissions permissions = rules.For(identity, bus);
                Permissions same = again.For(identity, bus);
                PolicyRule[] mine = [.. rules.Rules.Where(r => (identity.AreGroupsKnown || !rules.UsesGroups) && r.AppliesTo(identity, bus))];
                Check(permissions, same, mine, names);
            }
        }
    }

    private static void Check(Permissions permissions, Permissions same, PolicyRule[] mine, string[] names)
    {
        foreach (PolicyAction action in PolicyActions.All)
        {
            if (!PolicyActions.IsOfNames(action))
            {
                Verdict plain = Array.Find(mine, r => r.Actions.Contains(action))?.Verdict ?? default;
                Expect(permissions.Decide(action) == plain, $"{action} is not decided by the first rule that has it");
                continue;
            }

            foreach (string name in names)
            {
                byte[] bytes = Encoding.ASCII.GetBytes(name);
                if (MessageName.CheckBinding(bytes) != Errno.None)
                {
                    continue;
                }

                Verdict verdict = permissions.Decide(action, bytes);
                Expect(verdict == same.Decide(action, bytes), $"{action} of {name} is decided otherwise when the policy is read again");
                if (!MessageName.IsWildcard(bytes))
                {
                    Expect(verdict == First(mine, action, bytes), $"{action} of {name} is not decided by the first rule that holds it");
                }
                else if (verdict.IsAllowed)
                {
                    Expect(
                        names.Select(Encoding.ASCII.GetBytes).Where(n => MessageName.CheckBinding(n) == Errno.None && NamePattern.Holds(bytes, n) && !MessageName.IsWildcard(n))
                            .All(n => First(mine, action, n).IsAllowed),
                        $"{action} of {name} is allowed, though a name below it is not");
                }
            }
        }
    }

    private static Verdict First(PolicyRule[] rules, PolicyAction action, byte[] name) =>
        Array.Find(rules, r => r.Names.TryGetValue(action, out IReadOnlyList<NamePattern>? patterns) && patterns.Any(p => NamePattern.Holds(p.Text, name)))?.Verdict
        ?? default;

    /// <summary>A pattern, and names in and beside it.</summary>
    private static IEnumerable<string> Near(string pattern)
    {
        string stem = pattern.TrimEnd('*', '%').TrimEnd('.');
        return [pattern, stem, stem + ".Q", stem + ".Q.R", stem + ".*", stem + ".%"];
    }
}

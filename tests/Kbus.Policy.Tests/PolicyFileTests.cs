namespace Kbus.Policy.Tests;

/// <summary>Reading a policy: what is right is understood, and whatever is wrong is named with its place.</summary>
public sealed class PolicyFileTests
{
    [Fact]
    public void Comments_commas_too_many_and_a_byte_order_mark_are_allowed()
    {
        PolicyRules rules = KnownAccounts.Parse("\uFEFF// A policy.\n{\n \"rules\": [ /* none\n but this */ { \"allow\": \"everybody\", \"send\": \"$.A\", }, ], }\n");
        Assert.Equal(4u, Assert.Single(rules.Rules).Line);
    }

    [Fact]
    public void Users_groups_and_numbers_are_resolved_when_the_file_is_read()
    {
        Whom whom = KnownAccounts.Rules("""{ "allow": ["alice", "@staff", "77", "@88"], "status": true }""").Rules[0].Whom;
        Assert.Equal([KnownAccounts.Alice, 77u], whom.Users.Order().Reverse().OrderByDescending(u => u));
        Assert.Equal([88u, KnownAccounts.Staff], whom.Groups.Order());
        Assert.False(whom.IsEverybody);
    }

    [Fact]
    public void Everything_is_every_action_and_every_name()
    {
        PolicyRules rules = KnownAccounts.Rules("""{ "allow": "alice", "everything": true }""");
        Permissions alice = rules.For(new Identity(KnownAccounts.Alice, []), 5);
        Permissions bob = rules.For(new Identity(KnownAccounts.Bob, []), 5);
        foreach (PolicyAction action in PolicyActions.All)
        {
            Assert.Equal(new Verdict(true, 2), alice.Decide(action, "$.*"u8));
            Assert.Equal(default, bob.Decide(action, "$.*"u8));
        }
    }

    [Theory]
    [InlineData("", "line 1, column 1: it is not JSON there, also if comments are left out.")]
    [InlineData("// nothing\n", "line 2, column 1: it is not JSON there, also if comments are left out.")]
    [InlineData("[]", "line 1, column 1: a policy is one JSON object: { \"rules\": [ ... ] }.")]
    [InlineData("{}", "line 1, column 2: there are no \"rules\".")]
    [InlineData("{ \"rulez\": [] }", "line 1, column 3: 'rulez' is not known here. A policy has \"rules\" and nothing else.")]
    [InlineData("{ \"rules\": [], \"rules\": [] }", "line 1, column 16: \"rules\" stands here a second time.")]
    [InlineData("{ \"rules\": {} }", "line 1, column 12: \"rules\" should be a list: [ ... ].")]
    [InlineData("{ \"rules\": [\n  3 ] }", "line 2, column 3: a rule is an object such as { \"allow\": \"everybody\", \"listen\": \"$.*\" }.")]
    [InlineData("{ \"rules\": [] } x", "line 1, column 17: it is not JSON there, also if comments are left out.")]
    [InlineData("{ \"rules\": [\n\n  { \"allow\" } ] }", "line 3, column 13: it is not JSON there, also if comments are left out.")]
    public void A_file_that_is_no_policy_is_an_error_with_its_place(string text, string error) =>
        Assert.Equal($"p.json, {error}", Assert.Throws<PolicyException>(() => KnownAccounts.Parse(text)).Message);

    [Theory]
    [InlineData("{ }", "column 1: this rule says neither whom it allows something (\"allow\") nor whom it denies it (\"deny\").")]
    [InlineData("{ \"allow\": \"alice\" }", "column 1: this rule does not say what it allows, such as \"send\": \"$.A\".")]
    [InlineData("{ \"deny\": \"alice\", \"buses\": 1 }", "column 1: this rule does not say what it denies, such as \"send\": \"$.A\".")]
    [InlineData("{ \"allow\": \"alice\", \"deny\": \"bob\", \"status\": true }", "column 21: a rule either allows or denies, and this one does both.")]
    [InlineData("{ \"allow\": \"alice\", \"allow\": \"bob\", \"status\": true }", "column 21: \"allow\" stands here a second time in one rule.")]
    [InlineData("{ \"allow\": \"nobody at all\", \"status\": true }", "column 12: there is no user 'nobody at all'.")]
    [InlineData("{ \"allow\": [\"alice\", \"@wheel\"], \"status\": true }", "column 22: there is no group 'wheel'.")]
    [InlineData("{ \"allow\": \"ö\", \"status\": 7 }", "column 12: there is no user 'ö'.")]
    [InlineData("{ \"allow\": [], \"status\": true }", "column 13: nobody is named here: it applies to nobody.")]
    [InlineData("{ \"allow\": 7, \"status\": true }", "column 12: here should stand a user, a @group or \"everybody\", or several in a list.")]
    [InlineData("{ \"allow\": \"@\", \"status\": true }", "column 12: the name of a group is empty.")]
    [InlineData("{ \"allow\": \"a\\u0000b\", \"status\": true }", "column 12: the name of a user has a NUL in it.")]
    [InlineData("{ \"allow\": \"\\ud800\", \"status\": true }", "column 12: a text has an escape that is no character.")]
    [InlineData("{ \"allow\": \"alice\", \"status\": false }", "column 31: \"status\" should be true, or be left out. What is not to be is said by \"deny\".")]
    [InlineData("{ \"allow\": \"alice\", \"sned\": \"$.A\" }", "column 21: 'sned' is not known in a rule. There are: allow, deny, buses, open, listen, reply, send, settings, limpet, new-bus, status, watch, everything.")]
    [InlineData("{ \"allow\": \"alice\", \"send\": \"A.B\" }", "column 29: 'A.B' is no name of a message. It is $ and words of letters and digits, each after a dot; the last may be * or %.")]
    [InlineData("{ \"allow\": \"alice\", \"send\": [\"$.A\", \"$.*.B\"] }", "column 37: '$.*.B' is no name of a message. It is $ and words of letters and digits, each after a dot; the last may be * or %.")]
    [InlineData("{ \"allow\": \"alice\", \"send\": [] }", "column 30: no name stands here: the rule would apply to none.")]
    [InlineData("{ \"allow\": \"alice\", \"send\": true }", "column 29: here should stand a name such as \"$.A.B\" or \"$.A.*\", or several in a list.")]
    [InlineData("{ \"allow\": \"alice\", \"buses\": 256, \"status\": true }", "column 30: here should stand the number of a bus, 0 to 255, or several in a list.")]
    [InlineData("{ \"allow\": \"alice\", \"buses\": [0, \"1\"], \"status\": true }", "column 34: here should stand the number of a bus, 0 to 255, or several in a list.")]
    [InlineData("{ \"allow\": \"alice\", \"buses\": [], \"status\": true }", "column 31: no bus is named here: the rule would apply nowhere.")]
    [InlineData("{ \"allow\": \"alice\", \"open\": \"both\" }", "column 29: 'both' is not known here. It should be \"read\" or \"write\", or both in a list.")]
    [InlineData("{ \"allow\": \"alice\", \"open\": [] }", "column 30: nothing stands here. It should be \"read\" or \"write\", or both in a list.")]
    [InlineData("{ \"allow\": \"alice\", \"settings\": \"MAXMSGS\" }", "column 33: 'MAXMSGS' is not known here. It should be \"MAXMSGSIZE\", \"VERBOSE\" or \"REPORTREPLIERBINDS\", or several in a list.")]
    public void A_rule_that_is_wrong_is_an_error_with_its_place(string rule, string error) =>
        Assert.Equal($"p.json, line 2, {error}", Assert.Throws<PolicyException>(() => KnownAccounts.Rules(rule)).Message);

    [Fact]
    public void A_file_that_is_not_there_is_too_long_or_is_no_UTF8_is_an_error_that_names_it()
    {
        var accounts = new KnownAccounts();
        Assert.Equal("/no/such/file: it cannot be read: there is no such file.", Assert.Throws<PolicyException>(() => PolicyFile.Read("/no/such/file", accounts)).Message);
        Assert.Equal("/: it cannot be read: permission denied, or it is a directory.", Assert.Throws<PolicyException>(() => PolicyFile.Read("/", accounts)).Message);
        Assert.Equal("p.json: it is not UTF-8.", Assert.Throws<PolicyException>(() => PolicyFile.Parse("p.json", [0x7B, 0xFF], accounts)).Message);
        Assert.Equal("/dev/zero: it is longer than 1048576 bytes.", Assert.Throws<PolicyException>(() => PolicyFile.Read("/dev/zero", accounts)).Message);
    }

    [Fact]
    public void Too_many_rules_and_names_are_refused()
    {
        string[] rules = [.. Enumerable.Repeat("""{"allow":"alice","status":true}""", 10_001)];
        Assert.EndsWith("there are more than 10000 rules.", Assert.Throws<PolicyException>(() => KnownAccounts.Rules(rules)).Message, StringComparison.Ordinal);
        string names = string.Join(',', Enumerable.Repeat("\"$.A\"", 10_001));
        Assert.EndsWith(
            "there are more than 10000 names in this file.",
            Assert.Throws<PolicyException>(() => KnownAccounts.Rules($"{{\"allow\":\"alice\",\"send\":[{names}]}}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_stands_in_a_file_is_a_policy_or_an_error_that_names_it()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        byte[] right = """
            { "rules": [ // All that a rule can have.
              { "allow": ["alice", "@staff", "7"], "buses": [0, 1], "open": ["read", "write"], "listen": ["$.A.*", "$.B"], "reply": "$.C.%", "send": "$.D" },
              { "deny": "everybody", "settings": ["VERBOSE"], "limpet": true, "new-bus": true, "status": true, "watch": true },
              { "allow": "bob", "everything": true }, ] }
            """u8.ToArray();
        string[] pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\", "//", "/*", "true", "null", "1e9", "-1", "\"everybody\"", "\"$.*\"", "\n", "\u00e9", "\\u0000"];
        var accounts = new KnownAccounts();
        int policies = 0;
        for (int run = 0; run < 20_000; run++)
        {
            List<byte> text = [.. right];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int place = random.Next(text.Count);
                if (random.Next(2) == 0)
                {
                    text.RemoveRange(place, Math.Min(random.Next(1, 12), text.Count - place));
                }

                if (random.Next(2) == 0)
                {
                    text.InsertRange(Math.Min(place, text.Count), random.Next(4) == 0
                        ? [(byte)random.Next(256)]
                        : System.Text.Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
                }
            }

            try
            {
                _ = PolicyFile.Parse("p.json", text.ToArray(), accounts);
                policies++;
            }
            catch (Exception e)
            {
                Assert.True(e is PolicyException && e.Message.StartsWith("p.json", StringComparison.Ordinal), $"KBUS_TEST_SEED={seed}, run {run}: {e}");
            }
        }

        Assert.InRange(policies, 100, 19_000);
    }

    [Fact]
    public void The_accounts_of_this_machine_are_found()
    {
        var accounts = new AccountNames();
        Assert.Equal(0u, accounts.User("root"));
        Assert.Equal(0u, accounts.Group("root"));
        Assert.Null(accounts.User("no such user here"));
        Assert.Null(accounts.Group("no such group here"));
        Assert.Contains(0u, accounts.GroupsOf("root"));
        Assert.Empty(accounts.GroupsOf("no such user here"));
    }
}

namespace Kbus.Policy.Tests;

/// <summary>What the rules come to: the first that matches decides, and what none decides is denied.</summary>
public sealed class PermissionTests
{
    private static readonly Identity Alice = new(KnownAccounts.Alice, [KnownAccounts.Staff, 900]);
    private static readonly Identity Bob = new(KnownAccounts.Bob, [900]);

    [Fact]
    public void The_first_rule_that_matches_decides()
    {
        PolicyRules rules = KnownAccounts.Rules(
            """{ "allow": "clock", "reply": "$.Clock.*" }""",
            """{ "deny": "everybody", "reply": "$.Clock.*" }""",
            """{ "allow": "everybody", "reply": "$.*" }""");
        Permissions clock = rules.For(new Identity(KnownAccounts.Clock, []), 0);
        Permissions bob = rules.For(Bob, 0);
        Assert.Equal(new Verdict(true, 2), clock.Decide(PolicyAction.Reply, "$.Clock.Read"u8));
        Assert.Equal(new Verdict(false, 3), bob.Decide(PolicyAction.Reply, "$.Clock.Read"u8));
        Assert.Equal(new Verdict(true, 4), bob.Decide(PolicyAction.Reply, "$.Clock"u8));
        Assert.Equal(new Verdict(true, 4), bob.Decide(PolicyAction.Reply, "$.ClockWork.A"u8));
        Assert.Equal(default, bob.Decide(PolicyAction.Send, "$.A"u8));
    }

    [Theory]
    [InlineData("$.*", false)]
    [InlineData("$.%", true)]
    [InlineData("$.Clock.*", false)]
    [InlineData("$.Clock.%", false)]
    [InlineData("$.Clock.Read.*", false)]
    [InlineData("$.Other.*", true)]
    public void A_wildcard_needs_permission_for_every_name_that_it_matches(string wildcard, bool isAllowed)
    {
        PolicyRules rules = KnownAccounts.Rules(
            """{ "deny": "everybody", "reply": "$.Clock.*" }""",
            """{ "allow": "everybody", "reply": "$.*" }""");
        Assert.Equal(isAllowed, rules.For(Bob, 0).Decide(PolicyAction.Reply, System.Text.Encoding.ASCII.GetBytes(wildcard)).IsAllowed);
    }

    [Fact]
    public void One_denied_name_in_a_wildcard_is_enough_unless_it_was_allowed_before()
    {
        PolicyRules denied = KnownAccounts.Rules("""{ "deny": "bob", "listen": "$.A.Secret" }""", """{ "allow": "bob", "listen": "$.*" }""");
        Assert.Equal(new Verdict(false, 2), denied.For(Bob, 0).Decide(PolicyAction.Listen, "$.A.*"u8));
        Assert.Equal(new Verdict(true, 3), denied.For(Bob, 0).Decide(PolicyAction.Listen, "$.B.*"u8));
        PolicyRules before = KnownAccounts.Rules(
            """{ "allow": "bob", "listen": "$.A.%" }""", """{ "deny": "bob", "listen": "$.A.Secret" }""", """{ "allow": "bob", "listen": "$.*" }""");
        Assert.Equal(new Verdict(true, 4), before.For(Bob, 0).Decide(PolicyAction.Listen, "$.A.*"u8));
    }

    [Fact]
    public void Groups_count_the_supplementary_ones_too_and_who_is_in_unknown_groups_gets_nothing()
    {
        PolicyRules rules = KnownAccounts.Rules("""{ "deny": "@guests", "status": true }""", """{ "allow": "@staff", "status": true }""");
        Assert.True(rules.UsesGroups);
        Assert.True(rules.For(Alice, 0).Decide(PolicyAction.SeeStatus).IsAllowed);
        Assert.False(rules.For(Bob, 0).Decide(PolicyAction.SeeStatus).IsAllowed);
        Assert.False(rules.For(new Identity(1, [KnownAccounts.Guests, KnownAccounts.Staff]), 0).Decide(PolicyAction.SeeStatus).IsAllowed);
        Assert.False(rules.For(new Identity(1, [KnownAccounts.Staff], areGroupsKnown: false), 0).Decide(PolicyAction.SeeStatus).IsAllowed);
        PolicyRules without = KnownAccounts.Rules("""{ "allow": "alice", "status": true }""");
        Assert.True(without.For(new Identity(KnownAccounts.Alice, [], areGroupsKnown: false), 0).Decide(PolicyAction.SeeStatus).IsAllowed);
    }

    [Fact]
    public void A_rule_can_be_for_some_buses_only()
    {
        PolicyRules rules = KnownAccounts.Rules("""{ "allow": "bob", "buses": [1, 3], "open": "read" }""");
        Assert.Equal([false, true, false, true], Enumerable.Range(0, 4).Select(b => rules.For(Bob, (uint)b).Decide(PolicyAction.OpenForReading).IsAllowed));
    }

    [Theory]
    [InlineData("read", KsockMode.Read, true)]
    [InlineData("read", KsockMode.Write, false)]
    [InlineData("read", KsockMode.ReadWrite, false)]
    [InlineData("read", (KsockMode)0, true)]
    [InlineData("write", KsockMode.Read, false)]
    [InlineData("write", KsockMode.Write, true)]
    [InlineData("write", KsockMode.ReadWrite, false)]
    [InlineData("write", (KsockMode)0, true)]
    public void Opening_needs_permission_for_all_that_it_is_for(string allowed, KsockMode mode, bool isAllowed)
    {
        PolicyRules rules = KnownAccounts.Rules($$"""{ "allow": "bob", "open": "{{allowed}}" }""");
        Assert.Equal(isAllowed, rules.For(Bob, 0).DecideOpening(mode, out _).IsAllowed);
        Assert.False(rules.For(Alice, 0).DecideOpening(mode, out _).IsAllowed);
    }

    [Fact]
    public void Equal_identities_share_what_was_worked_out()
    {
        PolicyRules rules = KnownAccounts.Rules("""{ "allow": "everybody", "everything": true }""");
        Assert.Same(rules.For(new Identity(7, [2, 1]), 0), rules.For(new Identity(7, [1, 2, 2]), 0));
        Assert.NotSame(rules.For(new Identity(7, [1]), 0), rules.For(new Identity(7, [1, 2]), 0));
        Assert.NotSame(rules.For(new Identity(7, [1]), 0), rules.For(new Identity(7, [1]), 1));
    }
}

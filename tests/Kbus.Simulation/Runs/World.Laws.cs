using Kbus.Daemon;

namespace Kbus.Simulation;

/// <content>Policies: there is one from the beginning or none, and in the middle of the run others come into force.</content>
internal sealed partial class World
{
    /// <summary>The policies of this run.</summary>
    public Laws Laws { get; } = new();

    private void BeginLaws()
    {
        if (Scenario.PolicySalt != 0)
        {
            var dice = new Dice(Scenario.PolicySalt);
            Laws.Begin(new Lawgiver(ref dice), 0);
            Log($"the policy is: {Laws.Latest}");
            foreach (BusSide bus in _buses)
            {
                bus.Thread.Adopt(Laws.Latest.Rules);
            }
        }
    }

    /// <summary>The policy is read again: as the daemon does, each bus is given a change to be carried out between two operations.</summary>
    private void Reload(ref Dice dice)
    {
        if (!Laws.Exist || Laws.AreChanging)
        {
            return;
        }

        // Of what was asked for under the last change it would not be known under which policy it was done.
        for (int turns = 0; _members.Exists(m => m.HasOldCommands(Laws.LatestSince)); turns++)
        {
            Expect(turns < MostTurns, "P8", "a command is never answered");
            _members.ForEach(m => m.CatchUp());
            Rest();
            _members.ForEach(m => m.CatchUp());
        }

        Laws.Begin(new Lawgiver(ref dice, Scenario.Theme == Theme.Policies && dice.OneIn(3)), Tick());
        Log($"the policy is to be: {Laws.Latest}");
        var report = new PolicyReport("policy.json", _buses.Count, Daemon.Log.Silent);
        foreach (BusSide bus in _buses)
        {
            _ = bus.Thread.Post(new PolicyChange(Laws.Latest.Rules, report));
        }
    }

    /// <summary>The buses are at rest, so a policy that was to come into force has done so.</summary>
    private void EndReload()
    {
        if (!Laws.AreChanging)
        {
            return;
        }

        Laws.IsInForce(Tick());
        Log("the policy is in force");
        foreach (Member member in _members)
        {
            member.PolicyIsInForce();
        }
    }
}

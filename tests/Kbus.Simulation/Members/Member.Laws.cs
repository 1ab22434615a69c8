using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Simulation;

/// <content>What a policy lets it do, and does to it.</content>
internal sealed partial class Member
{
    /// <summary>True if a policy lets it have its Ksock.</summary>
    public bool MayBeOpen(Lawgiver law) => law.MayOpen(_process.User, Bus.Number, CanSend);

    /// <summary>True if a policy lets it keep its Ksock. A Limpet's network id cannot be given back, so without the right to it the Ksock is closed.</summary>
    public bool MayStay(Lawgiver law) => MayBeOpen(law) && (!IsLimpet || May(law, PolicyAction.UseNetworkId));

    /// <summary>True if a policy lets it do something that has no name.</summary>
    public bool May(Lawgiver law, PolicyAction action) => law.May(_process.User, Bus.Number, action);

    /// <summary>True if a policy lets it bind so.</summary>
    public bool MayBind(Lawgiver law, string pattern, bool isReplier) =>
        law.May(_process.User, Bus.Number, isReplier ? PolicyAction.Reply : PolicyAction.Listen, pattern);

    /// <summary>True if a policy lets it send a name that is no Reply's.</summary>
    public bool MaySend(Lawgiver law, string name) => law.May(_process.User, Bus.Number, PolicyAction.Send, name);

    /// <summary>True if a policy lets listeners hear a Reply of that name from it.</summary>
    public bool MayBeHeard(Lawgiver law, string name) => MaySend(law, name) || MayBind(law, name, isReplier: true);

    /// <summary>True if something that it asked for before that moment is not answered.</summary>
    public bool HasOldCommands(long until) => IsOpen && IsHonest && (_posted.Any(c => c.Begun <= until || c.IsAbout(Setting.NetworkId)) || _big is not null);

    /// <summary>A policy has come into force. What it does not let be has ended.</summary>
    public void PolicyIsInForce()
    {
        Lawgiver law = _world.Laws.Latest;
        foreach (Bound bound in Bounds)
        {
            if (bound.LostBy == Sending.Never && !MayBind(law, bound.Pattern, bound.IsReplier))
            {
                bound.LostFrom = Math.Min(bound.LostFrom, _world.Laws.EndedFrom(bound.Begun, l => MayBind(l, bound.Pattern, bound.IsReplier)));
                bound.LostBy = _world.Laws.LatestSince;
                bound.WasUnbound = true;
                _ownBounds.Remove(bound);
                _world.Saw("binding revoked");
            }
        }

        if (IsOpen && !MayStay(law))
        {
            LeaveByPolicy();
        }
    }

    /// <summary>The bus has ended the link of somebody honest: only a policy may do that.</summary>
    private void LeaveByPolicy()
    {
        long from = _world.Laws.EndedFrom(AskedFrom, MayStay);
        Expect("P8", from != Sending.Never, "it did nothing wrong, and its link was ended");
        Leave(_world.Tick());
        if (_guest is { } guest)
        {
            // The file is open until its program closes it.
            _world.WhenOutside(guest.Close);
        }

        _world.Log($"{this} has been closed by the policy");
        _world.Saw("Ksock revoked");
        LeavesFrom = Math.Min(LeavesFrom, from);
        foreach (Bound bound in Bounds)
        {
            bound.LostFrom = Math.Min(bound.LostFrom, LeavesFrom);
        }
    }

    /// <summary>True if a policy may have ended a binding of that kind since then.</summary>
    private bool MayHaveLost(string pattern, bool isReplier, long since) =>
        _world.Laws.Exist && _world.Laws.EndedFrom(since, law => MayBind(law, pattern, isReplier)) != Sending.Never;
}

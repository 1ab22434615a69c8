using Kbus.Core;

namespace Kbus.Simulation;

/// <summary>Judges what the members of one bus did and saw. It knows nothing of the bus itself.</summary>
/// <remarks>
/// Of each thing it is known between which two moments it happened, seldom when. So each check asks what was surely so, or what may have been so, during
/// some time, and complains only of what cannot be.
/// </remarks>
internal sealed partial class Judgement
{
    /// <summary>The name of the reports of repliers' binds.</summary>
    public const string EventName = "$.KBUS.ReplierBindEvent";

    private readonly BusSide _bus;
    private readonly Scenario _scenario;
    private readonly List<Member> _members;
    private readonly List<Sending> _sendings;
    private readonly Dictionary<Member, Occupancy> _occupancies = [];

    private Judgement(BusSide bus, Scenario scenario)
    {
        _bus = bus;
        _scenario = scenario;
        _members = [.. bus.Members.Where(m => m.KsockId != 0)];
        _sendings = [.. _members.Where(m => m.IsHonest).SelectMany(m => m.Sendings)];
    }

    /// <summary>Judges.</summary>
    /// <exception cref="BrokenPromiseException">A promise was broken.</exception>
    public static void Of(BusSide bus, Scenario scenario)
    {
        var judgement = new Judgement(bus, scenario);
        judgement.CheckRecipients();
        judgement.CheckRefusals();
        judgement.CheckAnswers();
        judgement.CheckOrder();
        judgement.CheckQueues();
        judgement.CheckNames();
        judgement.CheckLaws();
        if (scenario.Options.MaxBindings < 64)
        {
            judgement.CheckBindingLimit();
        }

        judgement.CheckEvents();
    }

    /// <summary>True if what scribbles may have had its hands in what happened up to that moment.</summary>
    private bool MayBeSpoilt(long until) => _members.Exists(m => m.TaintedFrom <= until);

    private Occupancy OccupancyOf(Member member)
    {
        if (!_occupancies.TryGetValue(member, out Occupancy? occupancy))
        {
            _occupancies.Add(member, occupancy = new Occupancy(member, _members.SelectMany(m => m.Sendings)));
        }

        return occupancy;
    }

    private IEnumerable<Bound> BoundsFor(string name, bool asReplier) =>
        _members.SelectMany(m => m.Bounds).Where(b => b.IsReplier == asReplier && b.Matches(name));

    /// <summary>Bindings as listener by which a member gets a message: those that may count, and those that surely do.</summary>
    private (int Most, int Least) CopiesFor(Member member, Sending sending)
    {
        int most = 0;
        int least = 0;
        (bool isSurelyHeard, bool mayBeHeard) = MayBeHeard(sending);
        if ((member == sending.By && member.IsLimpet) || !mayBeHeard)
        {
            return (0, 0);
        }

        foreach (Bound bound in member.Bounds)
        {
            if (!bound.IsReplier && bound.Matches(sending.Name))
            {
                most += bound.MayBeThere(sending.From, sending.Until) ? 1 : 0;

                // What came by a binding that ended later may have gone with it.
                least += bound.IsThere(sending.From, sending.Until) && bound.LostFrom > member.DrainedAt && isSurelyHeard ? 1 : 0;
            }
        }

        return (most, least);
    }

    /// <summary>True if a message of that length surely had room in a member's queue.</summary>
    /// <param name="member">Whose queue.</param>
    /// <param name="from">From when.</param>
    /// <param name="until">Until when.</param>
    /// <param name="sending">The message, which does not stand in its own way.</param>
    /// <param name="ownSlots">Reserved places that it may take.</param>
    private bool HasRoom(Member member, long from, long until, Sending sending, int ownSlots = 0)
    {
        if (member.DrainedAt < 0 || !member.IsHonest || MayBeSpoilt(until) || !HasBytes(member, from, until, sending))
        {
            return false;
        }

        (long count, long bytes) = OccupancyOf(member).Most(from, until, sending);
        return count - ownSlots < Choice.InForce(member.MaxMessages, from, until).Least
            && (bytes == 0 || bytes + sending.EntireLength <= _scenario.Options.MaxQueuedBytes);
    }

    private static void Expect(bool isSo, string promise, Func<string> what)
    {
        if (!isSo)
        {
            throw new BrokenPromiseException(promise, what());
        }
    }
}

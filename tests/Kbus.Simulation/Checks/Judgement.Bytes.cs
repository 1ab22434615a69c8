using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>Where a bus may hold few bytes of messages: whether there surely were some left.</content>
internal sealed partial class Judgement
{
    // What the bus charges beside the bytes of a message, and what processes may keep of what they had as an advance.
    private const int Books = MessageQueue.BookBytes;
    private const int AdvancesKept = 2;

    /// <summary>True if the process of a member surely could hold so many bytes more: all that anybody may have held leaves that much.</summary>
    /// <remarks>
    /// Copies of the same message for others count, since they may come first. What a process takes by itself counts until the bus has looked
    /// at it. It looks at once only at the takes of the process that wants more.
    /// </remarks>
    private bool HasBytes(Member member, long from, long until, Sending sending)
    {
        if (!_scenario.HasFewBytes)
        {
            return true;
        }

        long advance = ChargeBook.AdvanceOf(_scenario.Options.MaxMessageBytes);
        long held = sending.EntireLength + Books + (AdvancesKept * advance * _members.Select(m => m.Process).Distinct().Count());
        foreach (Member other in _bus.Members.Where(m => m.AskedFrom <= until && m.GoneBy >= from))
        {
            if (other.DrainedAt < 0 || !other.IsHonest || other.Bounds.Exists(b => b.Matches(EventName)))
            {
                // Nobody knows what is in its queue.
                return false;
            }

            held += MayHold(other, from, until, sending, other.Process == member.Process);
        }

        return held <= _scenario.Options.MaxMessageBytes;
    }

    private long MayHold(Member member, long from, long until, Sending sending, bool isLookedAt)
    {
        long held = OccupancyOf(member).MostCharge(from, until, isLookedAt);
        foreach (Sending own in member.Sendings.Where(s => s != sending && s.Begun <= until))
        {
            // Under construction, or waiting for room.
            bool maySpareNothing = own.FirstError == Errno.EAGAIN || own.Length > MessageSizes.LargestInline || member.IsGuest;
            held += maySpareNothing && own.Ended >= from ? own.EntireLength + Books : 0;
        }

        return held;
    }
}

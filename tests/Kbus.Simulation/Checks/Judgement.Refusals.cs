using Kbus.Core;

namespace Kbus.Simulation;

/// <content>Whether the error that a send came back with can be true (P3).</content>
internal sealed partial class Judgement
{
    private void CheckRefusals()
    {
        foreach (Sending sending in _sendings.Where(s => s.Answered != Sending.Never && s.By.GoneBy != s.Answered && !MayBeSpoilt(s.Answered)))
        {
            long from = sending.Begun;
            long until = sending.Answered;
            switch (sending.FirstError)
            {
                case Errno.EADDRNOTAVAIL:
                    CheckNobodyThere(sending, from, until);
                    break;
                case Errno.EPIPE:
                    CheckOtherReplier(sending, from, until);
                    break;
                case Errno.ECONNREFUSED:
                    CheckNotOwed(sending, from, until);
                    break;
                case Errno.ENOLCK:
                    bool mayBeFull = sending.IsOwedAnswer && !HasRoom(sending.By, from, until, Empty(sending));
                    Expect(mayBeFull, "P3", () => $"its sender had room for the answer: {sending}");
                    break;
                case Errno.EBUSY:
                    bool isToWait = (sending.Flags & MessageFlags.AllOrWait) != 0;
                    CheckSomebodyFull(sending, from, until, m => isToWait ? HasBytes(m, from, until, sending) : null);
                    break;
                case Errno.EAGAIN:
                    CheckSomebodyFull(sending, from, until, _ => null);
                    break;
                case Errno.EDQUOT:
                    bool hasFewRequests = _scenario.Options.MaxRequests < 64 && sending.IsOwedAnswer;
                    Expect(hasFewRequests || !HasBytes(sending.By, from, until, sending), "P3", () => $"no limit is near: {sending}");
                    break;
                case Errno.EMSGSIZE:
                    bool mayBeTooBig = sending.By.IsGuest && SizesInForce(sending.Begun, until).Least < sending.EntireLength;
                    Expect(mayBeTooBig, "P3", () => $"it is no greater than messages may be: {sending}");
                    break;
                case Errno.None when sending.By.IsGuest:
                    bool mayBeSmallEnough = SizesInForce(sending.Begun, until).Most >= sending.EntireLength;
                    Expect(mayBeSmallEnough, "P3", () => $"it is greater than messages may be: {sending}");
                    break;
                case Errno.EBADMSG:
                    Expect(!_scenario.Names.Contains(sending.Name), "P3", () => $"the name is good: {sending}");
                    break;
            }
        }
    }

    /// <summary>What the greatest message may have been at some moment of that time, in bytes.</summary>
    private (uint Least, uint Most) SizesInForce(long from, long until)
    {
        List<Choice> choices = [new Choice(_scenario.Options.DefaultMaxMessageSize, 0, 0)];
        foreach (Call call in _bus.SizeChanges.Where(c => c.Error == Errno.None && c.Argument is >= 100 and <= MessageLayout.LargestMessage))
        {
            choices.Add(new Choice(call.Argument, call.Begun, call.Ended) { IsUnsure = !call.WasHeard });
        }

        // Changes of several members may overlap, and then nobody knows which was the last.
        (uint least, uint most) = Choice.InForce(choices, from, until);
        foreach (Choice choice in choices.Where(c => c.Begun <= until && choices.Exists(o => o != c && o.Begun <= c.Ended && o.Ended >= c.Begun)))
        {
            (least, most) = (Math.Min(least, choice.Value), Math.Max(most, choice.Value));
        }

        return (least, most);
    }

    /// <summary>A place to be reserved has no bytes.</summary>
    private static Sending Empty(Sending sending) => new()
    {
        By = sending.By,
        Number = sending.Number,
        Name = sending.Name,
        Flags = sending.Flags,
        To = 0,
        InReplyTo = default,
        GivenId = default,
        Length = 0,
        EntireLength = 0,
        IsAwaited = false,
        IsOverheard = false,
    };

    private void CheckNobodyThere(Sending sending, long from, long until)
    {
        if (sending.IsRequest && !sending.By.IsLimpet)
        {
            Bound? there = BoundsFor(sending.Name, asReplier: true).FirstOrDefault(b => b.IsThere(from, until));
            Expect(there is null || sending.IsReply, "P3", () => $"there is {there}: {sending}");
        }

        if (sending.IsReply)
        {
            Member? requester = _bus.Find(sending.To);
            bool isThere = requester is not null && requester.OpenedBy < from && requester.LeavesFrom > until;
            Expect(!isThere || sending.IsRequest, "P3", () => $"{requester} is there: {sending}");
        }
    }

    private void CheckOtherReplier(Sending sending, long from, long until)
    {
        Expect(sending.IsRequest && sending.To != 0, "P3", () => $"is for no replier of its choice: {sending}");
        Bound? his = BoundsFor(sending.Name, asReplier: true).Where(b => b.By.KsockId == sending.To && b.IsThere(from, until)).MaxBy(b => b.Rank);
        bool mayBeOther = his is null
            || BoundsFor(sending.Name, asReplier: true).Any(b => b.By != his.By && b.Rank > his.Rank && b.MayBeThere(from, until));
        Expect(mayBeOther, "P3", () => $"the replier that it is for is there, by {his}: {sending}");
    }

    private void CheckNotOwed(Sending sending, long from, long until)
    {
        Expect(sending.IsAnswer, "P3", () => $"answers nothing: {sending}");
        Receipt? request = sending.By.Receipts.Find(r => r.IsToAnswer && r.Header.Id == sending.InReplyTo && r.Header.From == sending.To && r.Time < from);
        Member? requester = _bus.Find(sending.To);
        if (request?.Sending is not { GivenId.IsNone: true } || requester is null || requester.LeavesFrom < until)
        {
            return;
        }

        bool mayBeAnswered = sending.By.Sendings.Exists(
            s => s != sending && s.InReplyTo == sending.InReplyTo && s.To == sending.To && s.Begun <= until && (s.MayHaveReached || s.Fate == Fate.Waiting));
        Expect(mayBeAnswered, "P3", () => $"it is this member's to answer, and was not answered: {sending}");
    }

    /// <summary>Who was asked had no room, surely or perhaps.</summary>
    /// <param name="sending">What was refused.</param>
    /// <param name="from">From when.</param>
    /// <param name="until">Until when.</param>
    /// <param name="hasEnough">Whether a member surely had what the error says is lacking; null for room of any kind.</param>
    private void CheckSomebodyFull(Sending sending, long from, long until, Func<Member, bool?> hasEnough)
    {
        bool MayLack(Member member, int ownSlots = 0) => !(hasEnough(member) ?? HasRoom(member, from, until, sending, ownSlots));

        Expect(sending.IsRequest || sending.IsReply || sending.IsAllOrNone, "P3", () => $"nobody can refuse {sending}");
        Expect(!sending.IsOverheard, "P3", () => $"nobody can refuse what was overheard: {sending}");
        var mayBeFull = new List<Member>();
        if (sending.IsReply && _bus.Find(sending.To) is { } requester && MayLack(requester, ownSlots: 1) && !IsPlaceHeld(sending, requester, until))
        {
            mayBeFull.Add(requester);
        }

        IEnumerable<Bound> asked = sending.IsRequest ? BoundsFor(sending.Name, asReplier: true) : [];
        if (sending.IsAllOrNone)
        {
            asked = asked.Concat(BoundsFor(sending.Name, asReplier: false).Where(b => b.By != sending.By || !b.By.IsLimpet));
        }

        mayBeFull.AddRange(asked.Where(b => b.MayBeThere(from, until) && MayLack(b.By)).Select(b => b.By));
        Expect(mayBeFull.Count > 0, "P3", () => $"everybody has room: {sending}");
    }

    /// <summary>
    /// True if a place was surely held for this answer (P2), and bytes cannot be what is lacking. Nothing but a lower limit takes that place away; and
    /// several copies of one message, which all find room if the first does.
    /// </summary>
    private bool IsPlaceHeld(Sending reply, Member requester, long until)
    {
        Sending? request = requester.Sendings.Find(s => !s.Id.IsNone && s.Id == reply.InReplyTo);

        // Of who never read all, nobody knows the bytes in its queue.
        bool areBytesKnown = requester.DrainedAt >= 0 && !_scenario.HasFewBytes;
        if (request is not { IsOwedAnswer: true, GivenId.IsNone: true } || !requester.IsHonest || MayBeSpoilt(until) || !areBytesKnown)
        {
            return false;
        }

        bool maySqueeze = requester.Bounds.Count > 1 || requester.Bounds.Exists(b => requester.Sendings.Exists(s => s.IsRequest && b.Matches(s.Name)));
        if (maySqueeze)
        {
            return false;
        }

        (uint least, uint most) = Choice.InForce(requester.MaxMessages, request.Begun, until);
        (_, long bytes) = OccupancyOf(requester).Most(reply.Begun, until, reply);
        return least == most && (bytes == 0 || bytes + reply.EntireLength <= _scenario.Options.MaxQueuedBytes);
    }
}

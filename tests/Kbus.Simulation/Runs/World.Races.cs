using Kbus.Core;

namespace Kbus.Simulation;

/// <content>
/// What comes up too seldom by itself. All have done what they put off, and whoever waits for room is armed. Then one member has the bus do one thing, and
/// perhaps others take just then. When the bus is at rest again, it is checked who should have been rung.
/// </content>
internal sealed partial class World
{
    private bool IsWorthARace(Act act) => !_isActing && !_isResting && act switch
    {
        Act.Tend or Act.Unbind or Act.Take or Act.GiveBack or Act.Ask or Act.Close or Act.Reply => Themes.IsAboutRoom(Scenario.Theme),
        Act.Withdraw => true,
        Act.Announce => Scenario.Theme == Theme.Piles,
        _ => false,
    };

    /// <summary>Who has an answer on its lane may await it no more at any step. That state is rare, and soon over.</summary>
    private bool TryWithdraw(ref Dice dice) =>
        !_isActing && !_isResting && Scenario.Theme is Theme.Piles or Theme.Answers or Theme.Anything && dice.OneIn(2) && Honest.FirstOrDefault(HasAnswerOnLane) is { } member
        && TryRace(member, Act.Withdraw, ref dice);

    private Member? RacerOf(Step step) =>
        step.Act == Act.Reply ? Honest.FirstOrDefault(m => m is { Owed.Count: > 0, CanSend: true, Waiting: null, IsGuest: false }) ?? _seats[step.Seat] : _seats[step.Seat];

    /// <summary>Does a step when the bus has nothing else to do, so that the bus's next changes of rings and flags are because of it.</summary>
    /// <returns>False if there is nobody who could do it.</returns>
    private bool TryRace(Member? member, Act act, ref Dice dice)
    {
        if (member is not { IsOpen: true, IsHonest: true, IsGuest: false })
        {
            return false;
        }

        bool isAboutRoom = Themes.IsAboutRoom(Scenario.Theme);
        if (isAboutRoom)
        {
            ArmAll();
        }

        Rest();
        member.Rouse();
        if (act == Act.Withdraw && !HasAnswerOnLane(member) && dice.OneIn(2))
        {
            BringAnswerOnLane(member, ref dice);
        }

        Member[] answered = isAboutRoom ? Prepare(member, act, ref dice) : [];
        Do(member, act, ref dice);
        if (act == Act.Withdraw || (act is not (Act.Take or Act.GiveBack or Act.Ask or Act.Reply) && dice.OneIn(2)))
        {
            TakeMeanwhile(member, act, ref dice);
        }

        (_moment, _change) = (0, 0);
        _ = member.Bus.Thread.Round(mayRest: false, continues: act != Act.Take && dice.OneIn(2));
        Saw($"race of {act}");
        if (act == Act.Take && member.IsOpen)
        {
            // There is more room while those who wait are still being rung for the first time.
            TakeAll(member);
        }

        DoLater();
        if (isAboutRoom)
        {
            Rest();
            CheckRest(ref dice);
            Array.ForEach(answered, EmptySlowly);
        }

        return true;
    }

    /// <summary>Makes it likely that what a member does changes what others wait for.</summary>
    /// <returns>Those who are to empty their queues afterwards.</returns>
    private Member[] Prepare(Member member, Act act, ref Dice dice)
    {
        if (act == Act.Tend && member.Waiting is not null && BlockerOf(member) is { } blocker && !dice.OneIn(3))
        {
            FillAnother(member, blocker, ref dice);
        }
        else if (act == Act.Take && dice.OneIn(2))
        {
            LetTwoWait(member, ref dice);
        }
        else if (act == Act.Reply)
        {
            Member[] requesters = [.. member.Owed.Select(o => member.Bus.Find(o.Header.From)).OfType<Member>().Where(m => m.IsOpen && m.IsHonest).Distinct()];
            foreach (Member requester in requesters)
            {
                // So the answer has to wait for room, although a place is reserved for it.
                Fill(requester, 1, reserved: 1, ref dice);
            }

            return requesters;
        }

        return [];
    }

    /// <summary>Another recipient's queue fills, and then the one for which a message waits gets room: so it has to wait for the other next.</summary>
    private void FillAnother(Member member, Member blocker, ref Dice dice)
    {
        string name = member.Waiting!.Name;
        if (Honest.FirstOrDefault(m => m != member && m != blocker && m.Bus == member.Bus && !m.IsGuest) is { } other && Scenario.Names.Contains(name))
        {
            other.Narrow();
            other.Listen(name);
            Rest();
            FillerFor(other)?.AnnouncePlainly(ref dice, name);
            Rest();
        }

        blocker.Rouse();
        blocker.TakeOne();
        blocker.KeepUp();
        Rest();
    }

    /// <summary>Two wait for a queue that has no room yet when one message has been taken.</summary>
    private void LetTwoWait(Member member, ref Dice dice)
    {
        Fill(member, 3, reserved: 0, ref dice);
        foreach (Member other in Honest.Where(m => m != member && m.Bus == member.Bus).ToArray())
        {
            // Nobody else stands in their way.
            other.Limit(100);
        }

        Rest();
        foreach (Member sender in Honest.Where(m => m != member && m.Bus == member.Bus && m.CanSend && m.Waiting is null).Take(2).ToArray())
        {
            sender.AnnounceOrWait(ref dice, Scenario.Names[0]);
        }

        Rest();
        ArmAll();
    }

    /// <summary>So many messages wait for a member, and then fewer may.</summary>
    private void Fill(Member member, int messages, uint reserved, ref Dice dice)
    {
        member.Listen(Scenario.Names[0]);
        member.Limit((uint)messages + reserved + 1);
        Rest();
        for (int i = 0; i < messages; i++)
        {
            FillerFor(member)?.AnnouncePlainly(ref dice, Scenario.Names[0]);
            Rest();
        }

        member.Narrow();
        Rest();
    }

    private Member? FillerFor(Member member) => Honest.FirstOrDefault(m => m != member && m.Bus == member.Bus && m.CanSend && m.Waiting is null);

    /// <summary>An answer that a member waits for comes behind two announcements.</summary>
    private void BringAnswerOnLane(Member member, ref Dice dice)
    {
        Bus bus = member.Bus.Thread.Bus;
        foreach (string name in Scenario.Names)
        {
            _ = bus.FindReplier(System.Text.Encoding.ASCII.GetBytes(name), isMatching: true, out uint id);
            if (member.Bus.Find(id) is { IsOpen: true, IsHonest: true, CanSend: true } replier && replier != member)
            {
                member.Limit(100);
                member.Listen(Scenario.Names[0]);
                member.AskAwaiting(ref dice, name);
                Rest();
                TakeAll(replier);
                FillerFor(member)?.AnnouncePlainly(ref dice, Scenario.Names[0]);
                FillerFor(member)?.AnnouncePlainly(ref dice, Scenario.Names[0]);
                Rest();
                for (int i = 0; i < 8 && replier.ReplyPlainly(ref dice); i++)
                {
                    Rest();
                }

                FillerFor(member)?.AnnouncePlainly(ref dice, Scenario.Names[0]);
                Rest();
                return;
            }
        }
    }

    private void TakeAll(Member member)
    {
        member.Rouse();
        for (int i = 0; i < 20 && member.IsOpen && member.TakeOne(); i++)
        {
        }

        member.KeepUp();
        Rest();
    }

    /// <summary>A member takes one message after the other; after each it is checked who should have been rung.</summary>
    private void EmptySlowly(Member member)
    {
        const int most = 4;
        ArmAll();
        for (int i = 0; i < most && member.IsOpen && member.HasMessage; i++)
        {
            member.Rouse();
            member.TakeOne();
            member.KeepUp();
            Rest();
            var dice = new Dice(1);
            CheckRest(ref dice);
        }
    }

    private static void Do(Member member, Act act, ref Dice dice)
    {
        if (act == Act.Tend && member.Waiting is not null && !dice.OneIn(3))
        {
            member.Hear();
            member.RetryIfRung();
            return;
        }

        if (act == Act.Reply && !dice.OneIn(3))
        {
            // Of a name to which nobody listens: nothing but its own place matters.
            member.Hear();
            _ = member.ReplyPlainly(ref dice, MessageFlags.AllOrWait);
        }
        else
        {
            member.Do(act, ref dice);
        }

        if (member.IsOpen)
        {
            member.KeepUp();
        }
    }

    /// <summary>At the bus's next changes others take, or the member itself does.</summary>
    private void TakeMeanwhile(Member member, Act act, ref Dice dice)
    {
        for (int seat = 0; seat < Scenario.Seats; seat++)
        {
            bool isTheirs = act is Act.Tend or Act.Announce ? _seats[seat] != member : _seats[seat] == member;
            if (isTheirs && _seats[seat] is { IsOpen: true } other)
            {
                // Of a long queue all that is in the ring: the bus is about to tell that more waits behind it.
                other.Rouse();
                _later.Add(new Step(act == Act.Announce ? Act.Empty : Act.Take, seat, dice.Next(), act == Act.Withdraw ? -1 : -1 - dice.Below(2)));
            }
        }
    }

    /// <summary>Everybody does what was put off, and whoever waits for room asks to be rung and tries once more.</summary>
    private void ArmAll()
    {
        foreach (Member member in Honest.ToArray())
        {
            member.KeepUp();
        }

        Rest();
        foreach (Member member in Honest.ToArray())
        {
            member.Hear();
            member.RetryIfRung();
        }

        Rest();
        foreach (Member member in Honest.ToArray())
        {
            member.Hear();
        }
    }

    /// <summary>Whose full queue a member's message waits for; to know where something may happen, and not to judge by it.</summary>
    private static Member? BlockerOf(Member member) =>
        member.Bus.Thread.Bus.FindKsock(member.KsockId)?.BlockedOn is { } full && member.Bus.Find(full.Id) is { IsOpen: true, IsHonest: true } blocker ? blocker : null;

    /// <summary>True if an answer that a member awaits is on its lane.</summary>
    private static bool HasAnswerOnLane(Member member) =>
        !member.IsGuest && member.Bus.Thread.Bus.FindKsock(member.KsockId) is { AnswerCount: > 0 };
}

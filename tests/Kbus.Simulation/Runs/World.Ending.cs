using Kbus.Core;

namespace Kbus.Simulation;

/// <content>What must be so when the buses are at rest, and the end of a run: everything is taken and answered, and then one after the other goes.</content>
internal sealed partial class World
{
    private const int MostTurns = 400;

    private IEnumerable<Member> Honest => _members.Where(m => m.IsOpen && m.IsHonest);

    private void CheckRest(ref Dice dice)
    {
        foreach (Member member in _members)
        {
            if (member.IsThere)
            {
                continue;
            }

            bool isGone = member.KsockId == 0 || member.Bus.Thread.Bus.FindKsock(member.KsockId) is null;
            Expect(isGone, "P6", $"{member} has gone, and its Ksock is still there");
            member.IsGone();
        }

        foreach (Member member in Honest)
        {
            Expect(!member.WasThrownOut, "P8", $"{member} did nothing wrong, and its link was ended");
            Expect(!Laws.Exist || member.MayStay(Laws.Latest), "P8", $"{member} is open, and the policy does not let it be");
            Expect(member.HasAllAnswers, "P4", $"the bus sleeps, though {member} has rung it");
            Expect(!member.SleepsThroughNews, "P4", $"{member} sleeps, and was not rung for a message");
        }

        if (Themes.IsAboutRoom(Scenario.Theme) || dice.OneIn(3))
        {
            if (dice.OneIn(3))
            {
                // What was taken is told at last, and so whoever waits can be judged.
                foreach (Member member in Honest.ToArray())
                {
                    member.KeepUp();
                }

                Rest();
            }

            ProbeWaiting();
        }
    }

    /// <summary>Who waits for room and was not rung must wait in vain (D7).</summary>
    private void ProbeWaiting()
    {
        foreach (Member member in Honest)
        {
            member.Hear();
        }

        Rest();
        foreach (Member member in Honest)
        {
            member.Hear();
        }

        Rest();
        foreach (Member member in Honest.ToArray())
        {
            // Who has not heard everything may have an answer that says that its message has gone.
            if (member is { SleepsForRoomUnrung: true, IsBusy: false } && !_members.Exists(m => m.IsThere && (m.IsBehind || !m.IsHonest)))
            {
                // Not by a retry, which would ring if it were refused.
                Sending waiting = member.Waiting!;
                member.Poll();
                Rest();
                member.Hear();
                Saw("probed");
                if (Scenario.HasFewBytes && waiting.Fate == Fate.Polled)
                {
                    // A process may have become short of bytes, and then nobody waits for its queues: it must have been refused.
                    waiting.IsToBeRefused = true;
                    continue;
                }

                Expect(waiting.Fate == Fate.Waiting, "P4", $"nobody rang {member}, though its waiting message can go: {waiting}");
            }
        }
    }

    /// <summary>Plays the end of a run, and checks the books.</summary>
    private void End()
    {
        var dice = new Dice(Scenario.Seed ^ 0xE4D);
        Log("the end begins");

        // What was to be done inside a round is done now, and nobody goes to sleep later.
        Rest();
        _members.ForEach(m => m.WakeUp());
        Rest();

        // Who scribbles goes first: nothing can be learnt from it.
        foreach (Member member in _members.Where(m => m.IsThere && (!m.TryEnter() || !m.IsHonest)).ToArray())
        {
            member.Do(Act.Die, ref dice);
        }

        Settle();
        foreach (Member member in Honest)
        {
            member.RetryIfRung();
        }

        Settle();
        if (Honest.Any(m => m.Waiting is not null) && dice.OneIn(3))
        {
            // Somebody goes who may have a full queue.
            Member[] full = [.. Honest.Where(m => m.HasMessage)];
            if (full.Length > 0)
            {
                Go(full[dice.Below(full.Length)], ref dice);
                ProbeWaiting();
            }
        }

        var salt = new Dice(dice.Next());
        bool someIgnore = dice.OneIn(2);
        Member[] ignorers = [.. Honest.Where(m => !m.CanSend || (someIgnore && salt.OneIn(3)))];

        foreach (Member member in Honest.Where(m => m.MaxMessages.Count > 1 || salt.OneIn(4)))
        {
            // Who made its queue smaller than what it had asked for would never get it.
            member.Widen();
        }

        Settle();
        ProbeWaiting();

        foreach (Member member in Honest.Where(m => m.Waiting is not null && Scenario.HasFewBytes))
        {
            // What waits is charged, and may be what an answer for its sender would need.
            member.Discard();
        }

        Drain(ignorers, ref dice);
        foreach (Member member in Honest)
        {
            member.AskNow(Setting.NumMessages);
            member.AskNow(Setting.UnrepliedTo);
        }

        Settle();
        foreach (Member member in ignorers.Where(m => m.IsOpen))
        {
            // Its process may have died with another Ksock of it.
            member.DrainedAt = Tick();
            Go(member, ref dice);
            Drain(ignorers, ref dice);
        }

        foreach (Member member in Honest)
        {
            member.IsOwedNothing = true;
        }

        while (Honest.FirstOrDefault() is not null)
        {
            Member[] left = [.. Honest];
            Member member = left[dice.Below(left.Length)];
            member.DrainedAt = Tick();
            Go(member, ref dice);
            Drain([], ref dice);
        }

        _buses.ForEach(b => b.EndWatching());
        Rest();
        CheckBooks();
    }

    private void Go(Member member, ref Dice dice)
    {
        member.Do(dice.OneIn(2) ? Act.Close : dice.OneIn(2) ? Act.HangUp : Act.Die, ref dice);
        if (member.IsOpen)
        {
            // It was stopped, or had no room for the command.
            member.HangUp();
        }

        // A process takes all its Ksocks with it.
        Settle();
    }

    /// <summary>Everybody takes all there is, gives back all it holds, answers what it owes and gets rid of what waits, until nothing changes.</summary>
    private void Drain(Member[] ignorers, ref Dice dice)
    {
        for (int turns = 0; ; turns++)
        {
            bool any = false;
            foreach (Member member in Honest.ToArray())
            {
                bool isIgnorer = ignorers.Contains(member);
                while (member.TakeOne() || member.GiveBack())
                {
                    any = true;
                }

                if (Scenario.HasFewBytes && turns % 2 == 0)
                {
                    // The bytes of what was taken count against the whole process until the bus has seen that it was.
                    member.AskNow(Setting.NumMessages);
                }
                else
                {
                    any |= !isIgnorer && member.ReplyPlainly(ref dice);
                }

                any |= member.IsBusy;
            }

            Settle();
            Expect(turns < MostTurns, "P8", "the end of a run does not come to rest");
            if (any)
            {
                continue;
            }

            ProbeWaiting();
            Settle();
            if (!TendWaiting())
            {
                return;
            }
        }
    }

    /// <summary>Every queue is empty, so what waits can go now, or never.</summary>
    private bool TendWaiting()
    {
        Member[] waiting = [.. Honest.Where(m => m.Waiting is not null)];
        foreach (Member member in waiting)
        {
            member.Retry();
            Settle();
            if (member.Waiting is not null && !Honest.Any(m => m.HasMessage))
            {
                member.Discard();
                Settle();
            }
        }

        return waiting.Length > 0 || Honest.Any(m => m.HasMessage);
    }

    /// <summary>Everybody does what it has put off, and the buses come to rest.</summary>
    private void Settle()
    {
        for (int turns = 0; turns < MostTurns; turns++)
        {
            _members.ForEach(m => m.CatchUp());
            Rest();
            _members.ForEach(m => m.CatchUp());
            if (!_members.Exists(m => m.IsOpen && m.IsHonest && m.IsBusy))
            {
                var dice = new Dice(1);
                CheckRest(ref dice);
                return;
            }
        }

        throw new BrokenPromiseException("P8", "a command is never answered");
    }

    private void CheckBooks()
    {
        foreach (BusSide side in _buses)
        {
            Bus bus = side.Thread.Bus;
            Expect(side.Thread.Sessions.Count == 0 && bus.Ksocks.Count == 0, "books", "a Ksock is left");
            Expect(bus.AnswersOwed == 0, "books", $"{bus.AnswersOwed} answers are owed to nobody");
            Expect(bus.BindingCount == 0 && !bus.Bindings.Any(), "books", "a binding is left");
            Expect(!bus.HasMore, "books", "something is left to be done");
            CheckCharges(bus.Charges);
            Expect(bus.SetAsideCount == 0 && !bus.IsLosingEvents, "books", "events are set aside for nobody");
            Expect(bus.Pool.Lent == 0, "books", $"{bus.Pool.Lent} messages are lent to nobody");
            Expect(side.Thread.Payloads.IsEmpty, "books", "payload memory is left");
        }

        ServedDaemon.Get().Shares.Read(CheckCharges);
    }

    private static void CheckCharges(ChargeBook charges)
    {
        Expect(charges.Processes == 0 && charges.Users.Count == 0, "books", "somebody is charged who is not there");
        foreach (ChargeKind kind in Enum.GetValues<ChargeKind>())
        {
            Expect(charges.HeldOf(kind) == 0, "books", $"{charges.HeldOf(kind)} of {kind} are charged on nobody");
        }
    }

    private static void Expect(bool isSo, string promise, string what)
    {
        if (!isSo)
        {
            throw new BrokenPromiseException(promise, what);
        }
    }
}

using Kbus.Core;
using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Simulation;

/// <content>What the bus says to its commands. Answers come in the order of the commands, so what it knows of itself is exact.</content>
internal sealed partial class Member
{
    private int _observed;
    private MessageId _lastSent;

    /// <summary>Sees the answers that are there.</summary>
    public void Hear()
    {
        while (_posted.TryPeek(out Call? call) && TryAnswer(call, out Completion answer))
        {
            _posted.Dequeue();
            call.Answer = answer;
            call.WasHeard = true;
            call.Ended = _world.Tick();
            _world.Log($"{this} hears {call.Code} {call.Name} {call.Error} {(call.Sending is null ? "" : $"{answer.Id}")}");
            _world.Saw($"{call.Code} {call.Error}");
            Heard(call);
        }

        if (!_tellsLate || _whim.OneIn(6))
        {
            TellOfTakes();
        }

        if (_big is not null)
        {
            AddParts(1);
        }
    }

    private void Heard(Call call)
    {
        if (call.Code is CommandCode.NoteTakes or CommandCode.Refill or CommandCode.Release or CommandCode.Poll || call.IsAbout(Setting.NumMessages))
        {
            while (_observed < Receipts.Count && Receipts[_observed].Time <= call.Begun)
            {
                Receipts[_observed++].ObservedBy = call.Ended;
            }
        }

        switch (call.Code)
        {
            case CommandCode.Send:
            case CommandCode.SendPart:
                Heard(call, call.Sending!);
                break;
            case CommandCode.Retry:
                HeardRetry(call);
                break;
            case CommandCode.Poll:
                HeardPoll(call);
                break;
            case CommandCode.Discard when Waiting is { } discarded:
                StopWaiting(call, Fate.Dropped, Errno.ECANCELED);
                OweAgain(discarded);
                break;
            case CommandCode.Withdraw:
                call.Withdrawn!.WithdrawnBy = call.Ended;
                break;
            case CommandCode.LastSent:
                Expect("P3", call.Answer.Id == _lastSent, $"LASTSENT is {call.Answer.Id} and not {_lastSent}");
                break;
            case CommandCode.Bind:
                HeardBind(call);
                break;
            case CommandCode.Unbind:
                HeardUnbind(call);
                break;
            case CommandCode.FindReplier:
                Questions.Add(call);
                break;
            case CommandCode.Ask:
                HeardSetting(call);
                break;
            case CommandCode.Release:
                call.GivenBack!.HeldUntil = call.Ended;
                break;
        }
    }

    private void Heard(Call call, Sending sending)
    {
        // With EPERM it is the line of the policy that stands there.
        MessageId id = call.Error == Errno.EPERM ? default : call.Answer.Id;
        (sending.Answered, sending.FirstError, sending.Error, sending.Id) = (call.Ended, call.Error, call.Error, id);
        if (!sending.Id.IsNone)
        {
            _lastSent = sending.Id;
        }

        switch (call.Error)
        {
            case Errno.None:
                (sending.Fate, sending.Until, sending.Ended) = (Fate.Sent, call.Ended, call.Ended);
                break;
            case Errno.EAGAIN:
                Expect("P3", (sending.Flags & MessageFlags.AllOrWait) != 0, $"EAGAIN without ALL_OR_WAIT: {sending}");
                Expect("P3", Waiting is null, $"two messages wait: {sending}");
                (sending.Fate, Waiting) = (Fate.Waiting, sending);
                (_isArmedForRoom, _retriedSinceArmed) = (false, false);
                break;
            default:
                (sending.Fate, sending.Ended) = (Fate.Refused, call.Ended);
                Expect("P3", call.Error != Errno.EALREADY || Waiting is not null || (IsGuest && call.Code == CommandCode.SendPart), $"EALREADY, and no message waits: {sending}");
                OweAgain(sending);
                break;
        }
    }

    private void HeardRetry(Call call)
    {
        if (Waiting is not { } sending)
        {
            Expect("P3", call.Error == Errno.ENOMSG, $"a retry of nothing is {call.Error}");
            return;
        }

        _lastSent = sending.Id;
        if (call.Error == Errno.EAGAIN)
        {
            return;
        }

        Expect("P3", call.Error != Errno.ENOMSG, $"no message waits, though its sender was told so: {sending}");
        StopWaiting(call, call.Error == Errno.None ? Fate.Sent : Fate.Refused, call.Error);
        if (call.Error != Errno.None)
        {
            OweAgain(sending);
        }
    }

    private void HeardPoll(Call call)
    {
        bool isWritable = ((PollFlags)call.Answer.Value & PollFlags.Writable) != 0;
        if (Waiting is null)
        {
            Expect("P3", isWritable || !CanSend, "a poll says that a message waits, and none does");
        }
        else if (!isWritable)
        {
            _retriedSinceArmed |= _isArmedForRoom && call.Begun > _armedAt;
        }
        else
        {
            // It may have failed: then its answer is owed still.
            Sending polled = Waiting;
            StopWaiting(call, Fate.Polled, Errno.None);
            OweAgain(polled);
        }
    }

    private void StopWaiting(Call call, Fate fate, Errno error)
    {
        Sending sending = Waiting!;
        Waiting = null;
        (sending.Fate, sending.Error, sending.Ended) = (fate, error, call.Ended);
        if (fate is Fate.Sent or Fate.Polled)
        {
            (sending.From, sending.Until, sending.Order) = (call.Begun, call.Ended, call.Order);
        }
    }

    /// <summary>A reply that was refused for want of room can be sent again.</summary>
    private void OweAgain(Sending sending)
    {
        bool isWorthwhile = sending.IsRequest || sending.Error is not (Errno.ECONNREFUSED or Errno.EADDRNOTAVAIL);
        if (sending.IsAnswer && isWorthwhile
            && Receipts.Find(r => r.IsToAnswer && r.Header.Id == sending.InReplyTo && r.Header.From == sending.To) is { } request)
        {
            Owed.Add(request);
        }
    }

    private void HeardBind(Call call)
    {
        Bound bound = call.Bound!;

        // A policy may have ended others since, or just before.
        int alike = _ownBounds.Count(b => !b.IsReplier && b.Pattern == bound.Pattern);
        int ended = Bounds.Count(b => !b.IsReplier && b.Pattern == bound.Pattern && b.LostBy != Sending.Never && b.LostBy >= call.Begun);
        int most = bound.IsReplier ? int.MaxValue : _world.Scenario.Options.MaxRepeats;
        if (call.Error == Errno.None)
        {
            Expect("P8", alike < most, $"it has more bindings to {bound.Pattern} than it may have to one name");
            (bound.IsSure, bound.Made) = (true, call.Ended);
            if (bound.LostBy == Sending.Never)
            {
                _ownBounds.Add(bound);
            }

            return;
        }

        Bounds.Remove(bound);
        Questions.Add(call);
        bool isName = bound.Pattern == Judgement.EventName || _world.Scenario.Patterns.Contains(bound.Pattern);
        Expect("P5", isName == (call.Error != Errno.EBADMSG) || bound.IsReplier, $"a bind to {bound.Pattern} is {call.Error}");
        bool isLimitNear = alike + ended >= most || _world.Scenario.Options.MaxBindings < 64;
        Expect("P3", call.Error != Errno.EDQUOT || isLimitNear, $"no limit is near, and a bind to {bound.Pattern} is {call.Error}");
        Expect("P5", bound.IsReplier || !isName || call.Error is Errno.EDQUOT or Errno.EPERM, $"a listener's bind to {bound.Pattern} is {call.Error}");
    }

    private void HeardUnbind(Call call)
    {
        bool isReplier = (call.Flags & CommandFlags.Replier) != 0;
        Bound? newest = _ownBounds.FindLast(b => b.Pattern == call.Name && b.IsReplier == isReplier);
        if (call.Error == Errno.None)
        {
            Expect("P5", newest is not null || MayHaveLost(call.Name!, isReplier, call.Begun), $"what is not bound was unbound: {call.Name}");
            if (newest is null)
            {
                // A policy has ended it by now, and it may have ended by this before.
                foreach (Bound bound in Bounds.Where(b => b.Pattern == call.Name && b.IsReplier == isReplier && b.LostBy >= call.Begun))
                {
                    bound.LostFrom = Math.Min(bound.LostFrom, Math.Max(bound.Begun, call.Begun));
                }

                return;
            }

            (newest.LostFrom, newest.LostBy, newest.WasUnbound) = (call.Begun, call.Ended, true);
            _ownBounds.Remove(newest);
            return;
        }

        Expect("P5", newest is null || call.Error == Errno.EAGAIN || MayHaveLost(call.Name!, isReplier, newest.Begun), $"{newest} cannot be unbound: {call.Error}");
        Questions.Add(call);
    }

    private void HeardSetting(Call call)
    {
        call.Choice?.Ended = call.Ended;
        CheckSetting(call);
        if (call.Error != Errno.None && call.Setting != Setting.ReportBinds)
        {
            return;
        }

        switch (call.Setting)
        {
            case Setting.MaxMessages:
                uint limit = MaxMessages.FindLast(c => c.Ended != Sending.Never)!.Value;
                Expect("P7", call.Answer.Value == limit, $"MAXMSGS is {call.Answer.Value} and not {limit}");
                break;
            case Setting.OnlyOnce:
                uint before = OnlyOnce.Count(c => c.Ended != Sending.Never) is > 1 and int n ? OnlyOnce[n - 2].Value : 0;
                Expect("P7", call.Answer.Value == before, $"MSGONLYONCE was {call.Answer.Value} and not {before}");
                break;
            case Setting.MaxMessageSize when call.Argument > 1:
                _world.CheckSizeTold(this, call);
                break;
            case Setting.NewDevice:
                Expect("P7", call.Answer.Value < _world.Buses.Count, $"the bus {call.Answer.Value} was made, and is not there");
                break;
            case Setting.NumMessages:
            case Setting.UnrepliedTo:
                Questions.Add(call);
                break;
        }
    }

    /// <summary>A setting that the policy denies is EPERM, and no other one is.</summary>
    private void CheckSetting(Call call)
    {
        PolicyAction? action = call.Setting switch
        {
            Setting.MaxMessageSize when call.Argument > 1 => PolicyAction.SetMaxMessageSize,
            Setting.NewDevice => PolicyAction.MakeBus,
            Setting.ReportBinds => PolicyAction.SetReportBinds,
            Setting.NetworkId => PolicyAction.UseNetworkId,
            Setting.Verbose when call.Argument <= 1 => PolicyAction.SetVerbose,
            _ => null,
        };
        if (call.Error == Errno.EPERM)
        {
            Expect("P8", action is { } denied && !_world.Laws.SurelyMay(call.Begun, call.Ended, l => May(l, denied)), $"the policy allows it: {call}");
        }
        else if (action is { } allowed)
        {
            Expect("P8", _world.Laws.MightMay(call.Begun, call.Ended, l => May(l, allowed)), $"the policy denies it: {call}");
        }
    }

    private void Expect(string promise, bool isSo, string what)
    {
        if (!isSo)
        {
            throw new BrokenPromiseException(promise, $"{this}: {what}");
        }
    }
}

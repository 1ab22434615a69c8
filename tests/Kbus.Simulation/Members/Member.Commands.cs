using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>The commands that it posts.</content>
internal sealed partial class Member
{
    private static readonly uint[] Limits = [1, 2, 3, 4, 5, 8, 100];
    private static readonly uint[] NarrowLimits = [1, 1, 2, 3];

    // Of the greatest message: what asks, what is refused, and what leaves room for the answers of a run's end.
    private static readonly uint[] Sizes = [0, 1, 99, 130, 200, 500, 5000, 409600, 65 * 1024 * 1024];

    private readonly Queue<Call> _posted = new();
    private readonly List<Bound> _ownBounds = [];
    private ulong _sequence;
    private int _order;
    private bool _owesBell;
    private bool _owesNote;

    /// <summary>Its bindings, past and present.</summary>
    public List<Bound> Bounds { get; } = [];

    /// <summary>The limits of its queue.</summary>
    public List<Choice> MaxMessages { get; } = [];

    /// <summary>Whether it wants each message only once.</summary>
    public List<Choice> OnlyOnce { get; } = [];

    /// <summary>What it asked, and was told, that others have to confirm.</summary>
    public List<Call> Questions { get; } = [];

    /// <summary>True if it ever asked for reports of the repliers' binds that exist.</summary>
    public bool AskedForReports { get; private set; }

    /// <summary>True if it ever awaited an answer no more.</summary>
    public bool HasWithdrawn { get; private set; }

    /// <summary>True if commands wait for an answer, or for the bell.</summary>
    public bool IsBusy => _posted.Count > 0 || _owesBell || _owesNote || _big is not null;

    /// <summary>True if each command for which it has rung is answered.</summary>
    public bool HasAllAnswers => _owesBell || _guest is not null || _posted.All(c => _completions.TryGet(c.Sequence, out _));

    /// <summary>True if the bus need not know yet of everything that it has done.</summary>
    public bool IsBehind => _owesBell || _owesNote;

    /// <summary>Writes a command and publishes it.</summary>
    /// <returns>False if there is no room.</returns>
    private bool Post(Call call, bool isRungLater, ReadOnlySpan<byte> body = default, bool isAnswered = true)
    {
        if (call.Code == CommandCode.Ask)
        {
            uint argument = call.Argument;
            return PostBody(call, isRungLater, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in argument)), isAnswered);
        }

        return PostBody(call, isRungLater, call.Name is null ? body : Encoding.ASCII.GetBytes(call.Name), isAnswered);
    }

    private bool PostBody(Call call, bool isRungLater, ReadOnlySpan<byte> body, bool isAnswered)
    {
        if (_guest is not null)
        {
            return PostAsGuest(call, body, isAnswered);
        }

        if (_posted.Count >= _world.Scenario.Layout.CompletionSlots || !_commands.TryBegin(body.Length, out Span<byte> target))
        {
            return false;
        }

        body.CopyTo(target);
        call.Begun = _world.Tick();
        call.Order = ++_order;
        call.Sequence = isAnswered ? ++_sequence : 0;
        _commands.Commit((ushort)call.Code, call.Flags, call.Sequence);
        if (isAnswered)
        {
            _posted.Enqueue(call);
        }

        _world.Log($"{this} posts {call}");
        _owesBell |= isRungLater;
        if (!isRungLater)
        {
            RingBell();
        }

        return true;
    }

    /// <summary>Rings the bus, if it wants to be rung, for what was published.</summary>
    private void RingBell()
    {
        _owesBell = false;
        _commandBell.RingIfWanted();
    }

    private void Bind(ref Dice dice)
    {
        string pattern = dice.Of<string>(_world.Scenario.Patterns);
        bool isReplier = dice.OneIn(2) && !IsLimpet;
        if (dice.OneIn(40))
        {
            pattern = dice.Of<string>(["$.", "$..A", "A", "$.A*"]);
        }

        Bind(pattern, isReplier, dice.OneIn(4));
    }

    private void Bind(string pattern, bool isReplier, bool isRungLater)
    {
        var call = new Call { Code = CommandCode.Bind, Name = pattern, Flags = isReplier ? CommandFlags.Replier : (ushort)0 };
        if (Post(call, isRungLater))
        {
            call.Bound = new Bound { By = this, Pattern = pattern, IsReplier = isReplier, Begun = call.Begun };
            Bounds.Add(call.Bound);
        }
    }

    private void Unbind(ref Dice dice)
    {
        Bound? bound = _ownBounds.Count > 0 && !dice.OneIn(8) ? _ownBounds[dice.Below(_ownBounds.Count)] : null;
        string pattern = bound?.Pattern ?? dice.Of<string>(_world.Scenario.Patterns);
        bool isReplier = bound?.IsReplier ?? dice.OneIn(2);
        Post(new Call { Code = CommandCode.Unbind, Name = pattern, Flags = isReplier ? CommandFlags.Replier : (ushort)0 }, dice.OneIn(4));
    }

    private void Ask(ref Dice dice)
    {
        bool narrows = _world.Scenario.Theme is Theme.Knots or Theme.Narrow && dice.OneIn(2);
        bool wantsOnce = _world.Scenario.Theme == Theme.Repeats && dice.OneIn(2);
        (Setting setting, uint argument) = (wantsOnce ? 1 : narrows ? 0 : dice.Below(11)) switch
        {
            0 => (Setting.MaxMessages, dice.Of<uint>(narrows ? NarrowLimits : Limits)),
            1 => (Setting.OnlyOnce, dice.OneIn(3) ? 0u : 1u),
            2 or 3 => (Setting.NumMessages, 0u),
            4 => (Setting.UnrepliedTo, 0u),
            5 when _world.Scenario.Patterns.Contains(Judgement.EventName) => (Setting.ReportBinds, dice.OneIn(4) ? 0u : 1u),
            6 => (Setting.MaxMessages, 0u),
            7 or 8 => (Setting.MaxMessageSize, dice.Of<uint>(Sizes)),
            9 => (Setting.Verbose, dice.OneIn(4) ? uint.MaxValue : (uint)dice.Below(3)),
            _ => (Setting.NumUntilMissed, 0u),
        };
        Ask(setting, argument, dice.OneIn(4));
    }

    private void Ask(Setting setting, uint argument, bool isRungLater)
    {
        var call = new Call { Code = CommandCode.Ask, Flags = (ushort)setting, Argument = argument };
        if (!Post(call, isRungLater))
        {
            return;
        }

        if (setting == Setting.MaxMessages && argument != 0)
        {
            MaxMessages.Add(call.Choice = new Choice(argument, call.Begun, Sending.Never));
        }
        else if (setting == Setting.OnlyOnce)
        {
            OnlyOnce.Add(call.Choice = new Choice(argument, call.Begun, Sending.Never));
        }
        else if (setting == Setting.MaxMessageSize)
        {
            Bus.SizeChanges.Add(call);
        }
        else if (setting == Setting.ReportBinds)
        {
            Bus.ReportSwitches.Add(call);
            AskedForReports |= argument == 1;
        }
    }

    private void FindReplier(ref Dice dice)
    {
        bool isMatching = dice.OneIn(2);
        string name = isMatching ? dice.Of<string>(_world.Scenario.Names) : dice.Of<string>(_world.Scenario.Patterns);
        Post(new Call { Code = CommandCode.FindReplier, Name = name, Flags = isMatching ? CommandFlags.Matching : (ushort)0 }, dice.OneIn(4));
    }

    /// <summary>Awaits an answer no more: one that is on the lane, if there is one, or another of the last ones.</summary>
    private void Withdraw(ref Dice dice)
    {
        Sending[] awaited = [.. Sendings.Where(s => s.IsAwaited && s.WithdrawnFrom == Sending.Never).TakeLast(6)];
        if (IsGuest || awaited.Length == 0)
        {
            return;
        }

        Sending chosen = awaited[dice.Below(awaited.Length)];
        MessageQueue? answers = Bus.Thread.Bus.FindKsock(KsockId)?.Answers;
        if (answers is { Count: > 0 } && answers[dice.Below(answers.Count)].Tag is var tag && tag <= Sendings.Count && dice.OneIn(2))
        {
            chosen = Sendings[(int)tag - 1];
        }

        ulong number = (ulong)chosen.Number;
        var call = new Call { Code = CommandCode.Withdraw, Withdrawn = chosen };
        if (chosen.WithdrawnFrom == Sending.Never && Post(call, isRungLater: false, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number))))
        {
            HasWithdrawn = true;
            chosen.WithdrawnFrom = call.Begun;
        }
    }

    /// <summary>Looks after a message that waits for room; if none does, asks which message was sent last.</summary>
    private void Tend(ref Dice dice)
    {
        HearRings();
        if (Waiting is null)
        {
            Post(new Call { Code = CommandCode.LastSent }, dice.OneIn(4));
            return;
        }

        switch (dice.Below(_world.Scenario.Theme == Theme.Narrow ? 10 : 7))
        {
            case 0 or 7 or 8: Discard(); break;
            case 1 or 3: Post(new Call { Code = CommandCode.Poll }, dice.OneIn(4)); break;
            case 2: Retry(); break;
            default: RetryIfRung(); break;
        }
    }

    /// <summary>As a program does that waits for room: asks to be rung, tries once more, and then only when it is rung.</summary>
    public void RetryIfRung()
    {
        if (!IsHonest)
        {
            return;
        }

        if (IsGuest && Waiting is not null)
        {
            Poll();
        }
        else if (Waiting is not null && !_isArmedForRoom)
        {
            _doorbell.Arm(LinkNews.Failure);
            _armedAt = _world.Tick();
            _retriedSinceArmed = false;

            // A poll, because a retry that is refused would ring for that.
            _isArmedForRoom = Poll();
        }
    }

    /// <summary>Has the bus try the waiting message once.</summary>
    public bool Poll() => Post(new Call { Code = CommandCode.Poll }, isRungLater: false);

    /// <summary>Tries the waiting message again.</summary>
    public bool Retry() => Post(new Call { Code = CommandCode.Retry }, isRungLater: false);

    /// <summary>Drops the waiting message, and with it a big one of which not all is on its way.</summary>
    public void Discard()
    {
        if (Post(new Call { Code = CommandCode.Discard }, isRungLater: false) && _big is var (unfinished, _, _, _))
        {
            _big = null;
            OweAgain(unfinished);
        }
    }

    /// <summary>Asks for a number, for a check at the end.</summary>
    public void AskNow(Setting setting) => Post(new Call { Code = CommandCode.Ask, Flags = (ushort)setting }, isRungLater: false);

    /// <summary>Lets one message wait in its queue.</summary>
    public void Narrow() => Limit(1);

    /// <summary>Lets many messages wait in its queue.</summary>
    public void Widen() => Limit(1000);

    /// <summary>Listens to a name.</summary>
    public void Listen(string name) => Bind(name, isReplier: false, isRungLater: false);

    /// <summary>Lets so many messages wait in its queue.</summary>
    public void Limit(uint messages)
    {
        var call = new Call { Code = CommandCode.Ask, Flags = (ushort)Setting.MaxMessages, Argument = messages };
        if (Post(call, isRungLater: false))
        {
            MaxMessages.Add(call.Choice = new Choice(call.Argument, call.Begun, Sending.Never));
        }
    }

    /// <summary>Rings for what it published, and tells of its takes.</summary>
    public void KeepUp()
    {
        if (IsOpen && IsHonest && !WasThrownOut)
        {
            TellOfTakes();
            if (_owesBell)
            {
                RingBell();
            }
        }
    }

    /// <summary>Does what it has put off: rings for what it published, tells of takes, ends a big message.</summary>
    public void CatchUp()
    {
        _stoppedFor = 0;
        if (!TryEnter() || !IsHonest)
        {
            return;
        }

        if (WasThrownOut)
        {
            LeaveByPolicy();
            return;
        }

        Hear();
        TellOfTakes();
        AddParts(int.MaxValue);
        if (_owesBell)
        {
            RingBell();
        }
    }
}

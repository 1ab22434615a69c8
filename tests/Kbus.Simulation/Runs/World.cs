using Kbus.Link;

namespace Kbus.Simulation;

/// <summary>One run: the buses, who sits where, time, and the record of what happened.</summary>
/// <remarks>
/// Everything is done by one thread, in an order that follows from the scenario, so a run is the same each time. What members saw is judged at its end
/// (Checks); what must be so whenever a bus is at rest is judged there and then. The end of a run stands in World.Ending.cs.
/// </remarks>
internal sealed partial class World : IDisposable
{
    private const int MostMembers = 14;

    private const int MostBuses = 3;

    private readonly List<BusSide> _buses = [];
    private readonly Queue<Action> _whenOutside = new();
    private readonly Member?[] _seats;
    private readonly List<Member> _members = [];
    private readonly List<SimulatedProcess> _processes = [];
    private readonly List<Step> _later = [];
    private readonly List<string>? _log;
    private readonly Dictionary<string, int>? _seen;
    private long _time;
    private long _nanoseconds = 1;
    private int _moment;
    private int _change;
    private bool _isActing;
    private bool _hasActed;
    private bool _isResting;

    /// <summary>Makes the buses of a scenario.</summary>
    /// <param name="scenario">What is to be played.</param>
    /// <param name="log">Takes what happens, in words; null for no words.</param>
    /// <param name="seen">Counts the outcomes that come up; null not to count.</param>
    public World(Scenario scenario, List<string>? log = null, Dictionary<string, int>? seen = null)
    {
        Scenario = scenario;
        _log = log;
        _seen = seen;
        _seats = new Member?[Scenario.Seats + scenario.Crowd];
        for (uint number = 0; number < scenario.Buses; number++)
        {
            _buses.Add(new BusSide(this, number));
        }

        BeginLaws();

        // In every third run somebody watches. What the seed stands for is the same with him.
        var dice = new Dice(scenario.Seed ^ 0x3A7C4);
        if (dice.OneIn(3))
        {
            _buses.ForEach(b => b.BeginWatching(dice.Next()));
        }
    }

    /// <summary>What is played.</summary>
    public Scenario Scenario { get; }

    /// <summary>The buses.</summary>
    public IReadOnlyList<BusSide> Buses => _buses;

    /// <summary>A number that follows from all that was seen: the same for the same run.</summary>
    public ulong Digest { get; private set; }

    /// <summary>Plays a scenario to its end and judges it.</summary>
    /// <exception cref="BrokenPromiseException">Something was seen that was promised not to be.</exception>
    public static ulong Play(Scenario scenario, List<string>? log = null, Dictionary<string, int>? seen = null)
    {
        using var world = new World(scenario, log, seen);
        Interleaving.Act = world.MomentHasCome;
        try
        {
            foreach (Step step in scenario.Steps)
            {
                world.Take(step);
            }

            world.End();
        }
        finally
        {
            Interleaving.Act = null;
        }

        foreach (BusSide bus in world.Buses)
        {
            foreach (Member member in bus.Members)
            {
                foreach (Receipt receipt in member.Receipts)
                {
                    world.Digest = ((world.Digest ^ receipt.Header.Id.SerialNumber) * 0x100000001B3) + (ulong)receipt.Time;
                }
            }

            Judgement.Of(bus, scenario);
        }

        return world.Digest;
    }

    /// <summary>The next moment of the history.</summary>
    public long Tick() => ++_time;

    /// <summary>The clock of the buses, which goes on a little with each look.</summary>
    public long Clock() => _nanoseconds += 300;

    /// <summary>Writes down what happens, if anybody wants to read it.</summary>
    public void Log(string what) => _log?.Add($"{_time}: {what}");

    /// <summary>Counts an outcome, if anybody wants to know.</summary>
    public void Saw(string outcome)
    {
        if (_seen is not null)
        {
            _seen[outcome] = _seen.GetValueOrDefault(outcome) + 1;
        }
    }

    /// <summary>True while members act in the middle of a bus's round.</summary>
    public bool IsActing => _isActing;

    /// <summary>Does something as soon as no bus is in the middle of a round.</summary>
    public void WhenOutside(Action what)
    {
        if (_isActing)
        {
            _whenOutside.Enqueue(what);
        }
        else
        {
            what();
        }
    }

    /// <summary>Makes another bus, as the daemon does for NEWDEVICE.</summary>
    public (Errno Error, uint Number) MakeBus()
    {
        if (_buses.Count == MostBuses)
        {
            return (Errno.EINVAL, 0);
        }

        var bus = new BusSide(this, (uint)_buses.Count);
        if (Laws.Exist)
        {
            bus.Thread.Adopt(Laws.Latest.Rules);
        }

        _buses.Add(bus);
        Saw("a bus was made");
        return (Errno.None, bus.Number);
    }

    /// <summary>Who has set the size of the greatest message has been told so when all have: each call that comes later sees it.</summary>
    public void CheckSizeTold(Member by, Call call)
    {
        Member[] there = [.. _members.Where(m => m.IsOpen && m.IsHonest && m.Bus == by.Bus && !m.IsGuest && !m.WasThrownOut)];
        if (!by.Bus.SizeChanges.Exists(c => c != call && c.Argument > 1 && c.Ended > call.Begun))
        {
            Member? other = Array.Find(there, m => m.MaxMessageSizeTold != call.Argument);
            Expect(other is null, "P5", $"{by} set the size to {call.Argument}, and {other} is told {other?.MaxMessageSizeTold}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BusSide bus in _buses)
        {
            bus.Dispose();
        }

        _members.ForEach(m => m.Dispose());
        _processes.ForEach(p => p.Dispose());
    }

    private void Take(Step step)
    {
        var dice = new Dice(step.Salt);
        switch (step.Act)
        {
            case Act.Round:
                (_moment, _change) = (0, 0);
                BusSide bus = _buses[dice.Below(_buses.Count)];
                bus.Thread.Round(mayRest: dice.OneIn(2), continues: dice.OneIn(3));
                DoLater();
                bus.Look();
                break;
            case Act.Rest:
                Rest();
                CheckRest(ref dice);
                break;
            case Act.Reload:
                Reload(ref dice);
                break;
            case Act.Wait:
                _nanoseconds += dice.Of<long>([1_000, 600_000, 6_000_000]);
                break;
            default:
                if (step.Moment != 0 && step.Act != Act.Open)
                {
                    _later.Add(step);
                }
                else
                {
                    Do(step);
                }

                break;
        }
    }

    private void Do(Step step)
    {
        var dice = new Dice(step.Salt);
        if (step.Act == Act.Open)
        {
            Open(step.Seat, ref dice);
            return;
        }

        if (TryWithdraw(ref dice) || (IsWorthARace(step.Act) && dice.OneIn(step.Act == Act.Withdraw ? 1 : 3) && TryRace(RacerOf(step), step.Act, ref dice)))
        {
            return;
        }

        _seats[step.Seat]?.Do(step.Act, ref dice);
        if (step.Act == Act.Announce && Scenario.RingsAtOnce < 4 && dice.OneIn(8))
        {
            // Somebody goes while those who got its message are still being rung.
            _seats[step.Seat]?.Do(Act.Close, ref dice);
        }

        bool mayRingMany = Scenario.Crowd > 0 ? dice.OneIn(3) : Scenario.RingsAtOnce < 4 && dice.OneIn(100);
        if (step.Act == Act.Announce && mayRingMany)
        {
            LoseWhileRinging(step.Seat, ref dice);
        }

        bool isOfSends = step.Act is Act.Announce or Act.Request && Scenario.Theme is Theme.Waiting or Theme.Bytes or Theme.Knots;
        if (Scenario.Theme == Theme.Piles && step.Act is Act.Announce or Act.Request or Act.Reply && dice.OneIn(3))
        {
            // Somebody empties its ring just when the bus tells that more waits behind it.
            _later.Add(new Step(Act.Empty, dice.Below(Scenario.Seats), dice.Next(), -1));
        }

        if ((isOfSends || step.Act is Act.Withdraw or Act.Unbind) && dice.OneIn(3))
        {
            // Somebody takes just when the bus changes a ring because of this.
            _later.Add(new Step(Act.Take, isOfSends ? dice.Below(Scenario.Seats) : step.Seat, dice.Next(), -1 - dice.Below(2)));
        }
    }

    /// <summary>The bus ends a link, because of nonsense in it, while those who got its message are still being rung.</summary>
    private void LoseWhileRinging(int seat, ref Dice dice)
    {
        if (_isActing || _isResting || _seats[seat] is not { IsOpen: true, IsGuest: false } sender)
        {
            return;
        }

        Rest();
        foreach (Member member in Honest.Where(m => m != sender).ToArray())
        {
            member.Do(Act.Empty, ref dice);
        }

        sender.Do(Act.Announce, ref dice);
        _ = sender.Bus.Thread.Round(mayRest: false, continues: false);
        sender.Do(Act.Scribble, ref dice);
        sender.Spoil();
    }

    /// <summary>In the middle of what a bus does, a member may act.</summary>
    private void MomentHasCome(bool isChange)
    {
        _moment++;
        _change += isChange ? 1 : 0;
        if (_later.Count == 0 || _isActing)
        {
            return;
        }

        _isActing = true;
        for (int i = 0; i < _later.Count; i++)
        {
            // The gate keeps the users of device files out meanwhile.
            bool hasCome = _later[i].Moment > 0 ? _later[i].Moment <= _moment : isChange && -_later[i].Moment <= _change;
            if (hasCome && _seats[_later[i].Seat] is not { IsGuest: true })
            {
                Step step = _later[i];
                _hasActed = true;
                _later.RemoveAt(i--);
                Log($"(inside the bus's round) {step.Act}");
                Saw($"inside {step.Act}");
                Do(step);
            }
        }

        _isActing = false;
    }

    private void DoLater()
    {
        // What a guest does has such moments, too.
        Step[] steps = [.. _later];
        _hasActed |= steps.Length > 0 || _whenOutside.Count > 0;
        _later.Clear();
        Array.ForEach(steps, Do);
        while (_whenOutside.TryDequeue(out Action? what))
        {
            what();
        }
    }

    private void Open(int seat, ref Dice dice)
    {
        if (_seats[seat] is { IsThere: true } || _members.Count >= MostMembers + Scenario.Crowd)
        {
            return;
        }

        SimulatedProcess[] living = [.. _processes.Where(p => !p.IsDead)];
        SimulatedProcess? process = living.Length > 0 && (Scenario.Theme == Theme.Shares ? !dice.OneIn(3) : dice.OneIn(3)) ? living[dice.Below(living.Length)] : null;
        if (process is null)
        {
            process = new SimulatedProcess(_processes.Count + 1, user: dice.OneIn(4) ? 2u : 1u);
            _processes.Add(process);
        }

        var member = new Member(this, _buses[seat < Scenario.Seats ? dice.Below(_buses.Count) : 0], _members.Count, process, ref dice);
        _members.Add(member);
        _seats[seat] = member;
    }

    private void Rest()
    {
        _isResting = true;
        do
        {
            // Who acts inside one bus's round may be a member of another bus, which has come to rest before.
            _hasActed = false;
            (_moment, _change) = (0, 0);
            for (int i = 0; i < _buses.Count; i++)
            {
                // A bus may be made meanwhile.
                _buses[i].Rest();
                _buses[i].Look();
            }

            DoLater();
        }
        while (_hasActed);
        _isResting = false;
        EndReload();
    }
}

using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <summary>What a seed stands for: the limits of the buses, the sizes of the links, and the steps.</summary>
internal sealed record Scenario
{
    /// <summary>How many members there are at most at one time.</summary>
    public const int Seats = 6;

    private const int MostMoment = 24;
    private static readonly int[] Weights = [0, 1, 2, 4];

    // How often each act is chosen, before a seed has made some of them more and others less frequent.
    private static readonly (Act Act, int Weight)[] Usual =
    [
        (Act.Open, 5), (Act.Bind, 9), (Act.Unbind, 3), (Act.Announce, 10), (Act.Request, 11), (Act.Reply, 8), (Act.Take, 12), (Act.TakeSome, 4), (Act.Empty, 1),
        (Act.Peek, 6), (Act.Sleep, 4), (Act.Tend, 5), (Act.Ask, 4), (Act.FindReplier, 1), (Act.Withdraw, 2), (Act.GiveBack, 2),
        (Act.Stop, 1), (Act.Close, 1), (Act.HangUp, 1), (Act.Die, 1), (Act.MakeBus, 1),
    ];

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The limits of the buses.</summary>
    public required BusOptions Options { get; init; }

    /// <summary>How many buses there are.</summary>
    public required int Buses { get; init; }

    /// <summary>The sizes of the links.</summary>
    public required LinkLayout Layout { get; init; }

    /// <summary>Bytes of data of a message that goes through the rings, at most.</summary>
    public required int MostInlineData { get; init; }

    /// <summary>The names of messages.</summary>
    public required string[] Names { get; init; }

    /// <summary>What members bind to.</summary>
    public required string[] Patterns { get; init; }

    /// <summary>True if members want to hear of repliers' binds.</summary>
    public required bool HasEvents { get; init; }

    /// <summary>One message in so many is a big one; 0 if none is.</summary>
    public required int BigOneIn { get; init; }

    /// <summary>What the run is mostly about.</summary>
    public required Theme Theme { get; init; }

    /// <summary>From what the policy is made; 0 if there is none.</summary>
    public required ulong PolicySalt { get; init; }

    /// <summary>True if some members use device files.</summary>
    public required bool HasGuests { get; init; }

    /// <summary>Whether each bus is a replica that is fed by a log. So is every eighth run.</summary>
    public bool IsSequenced => Seed % 8 == 5;

    /// <summary>Members beside the others that listen to one name from the beginning.</summary>
    public required int Crowd { get; init; }

    /// <summary>One message in so many is urgent.</summary>
    public required int UrgentOneIn { get; init; }

    /// <summary>Of three messages so many ask for all or wait, and so many for all or fail.</summary>
    public required (int OrWait, int OrFail) Manners { get; init; }

    /// <summary>So many recipients are rung at once.</summary>
    public required int RingsAtOnce { get; init; }

    /// <summary>How many members there are from the beginning.</summary>
    public int Members => Steps.TakeWhile(s => s.Act == Act.Open).Count();

    /// <summary>True if a process may be short of bytes for messages, which nobody can tell from what its Ksocks hold.</summary>
    public bool HasFewBytes => Options.MaxMessageBytes < 1024 * 1024;

    /// <summary>The steps.</summary>
    public required IReadOnlyList<Step> Steps { get; init; }

    /// <summary>Makes what a seed stands for.</summary>
    public static Scenario Of(ulong seed)
    {
        var dice = new Dice(seed);
        Theme theme = Themes.Of(ref dice);
        bool hasSmallRings = theme == Theme.Piles || !dice.OneIn(4);
        int mostNames = theme is Theme.Knots or Theme.Narrow ? 2 : theme is Theme.Anything or Theme.Shares ? 5 : 3;
        string[] names = [.. new[] { "$.A", "$.A.B", "$.A.C", "$.B", "$.A.B.C" }.Take(1 + dice.Below(mostNames))];
        bool hasEvents = theme == Theme.Events || dice.OneIn(theme == Theme.Policies ? 2 : 4);
        bool hasOneWatcher = hasEvents && (theme == Theme.Events || dice.OneIn(2));
        List<string> patterns = [.. names, .. names];
        patterns.AddRange(new[] { "$.*", "$.A.*", "$.A.%", "$.%", "$.A.B.*", "$.A.B.%" }.Take(theme is Theme.Knots or Theme.Narrow ? 0 : dice.Below(7)));
        if (hasEvents && !hasOneWatcher)
        {
            patterns.AddRange(["$.KBUS.ReplierBindEvent", "$.KBUS.ReplierBindEvent"]);
        }

        bool hasPolicy = theme == Theme.Policies || dice.OneIn(theme == Theme.Events ? 4 : theme == Theme.Repeats ? 2 : 3);
        int crowd = dice.OneIn(100) ? 60 + dice.Below(12) : 0;
        return new Scenario
        {
            Seed = seed,
            HasGuests = dice.OneIn(3),
            Crowd = crowd,
            PolicySalt = hasPolicy ? dice.Next() | 1 : 0,
            Theme = theme,
            Options = OptionsOf(theme, hasOneWatcher, ref dice),
            Buses = dice.OneIn(8) ? 2 : 1,
            Layout = hasSmallRings ? LinkLayout.TryCreate(32, 16 * 1024, 4096)! : LinkLayout.TryCreate(64, 64 * 1024, 128 * 1024)!,
            MostInlineData = hasSmallRings ? 500 : 20_000,
            Names = names,
            Patterns = [.. patterns],
            HasEvents = hasEvents,
            BigOneIn = Themes.BigOneIn(theme, ref dice),
            UrgentOneIn = theme == Theme.Urgent ? 2 : 6,
            Manners = theme is Theme.Knots or Theme.Narrow ? (3, 0) : theme is Theme.Waiting or Theme.Bytes ? (2, 0) : dice.OneIn(3) ? (0, 2) : (1, 1),
            RingsAtOnce = dice.OneIn(2) ? 1 + dice.Below(3) : 64,
            Steps = StepsOf(theme, ref dice, hasOneWatcher, hasPolicy, crowd),
        };
    }

    private static BusOptions OptionsOf(Theme theme, bool hasOneWatcher, ref Dice dice)
    {
        bool putsOff = theme == Theme.Knots ? !dice.OneIn(3) : dice.OneIn(theme == Theme.Waiting ? 2 : 3);
        bool wakesFew = Themes.IsAboutRoom(theme) && dice.OneIn(2);
        bool isTight = theme == Theme.Shares;
        uint maxMessages = hasOneWatcher ? (uint)(1 + dice.Below(3))
            : theme == Theme.Piles ? 100u
            : theme is Theme.Waiting or Theme.Knots or Theme.Narrow ? (uint)(1 + dice.Below(2))
            : dice.OneIn(theme == Theme.Bytes ? 2 : 3) ? 100u
            : (uint)(1 + dice.Below(6));
        return new BusOptions
        {
            DefaultMaxMessages = maxMessages,
            MaxQueuedBytes = Themes.HasFewQueuedBytes(theme, ref dice) ? 250 + dice.Below(1500) : 64 * 1024 * 1024,
            MaxSetAsideEvents = (uint)(hasOneWatcher ? 1 + dice.Below(8) : dice.Below(6)),
            HashSeed = dice.Next(),
            StepsAtOnce = wakesFew ? 1 + (ulong)dice.Below(20) : putsOff ? 0 : dice.OneIn(2) ? 1000 : (ulong)dice.Below(40),
            ClearedAtOnce = putsOff ? 0 : dice.OneIn(2) ? 64 : dice.Below(5),
            MaxBindings = isTight || dice.OneIn(12) ? 2 + dice.Below(20) : 256 * 1024,
            MaxRepeats = theme == Theme.Repeats && dice.OneIn(2) ? 1 + dice.Below(3) : 1024,
            MaxRequests = dice.OneIn(isTight ? 2 : 12) ? 2 + dice.Below(20) : 64 * 1024,
            MaxMessageBytes = dice.OneIn(isTight ? 2 : 12) ? 500 + dice.Below(10_000) : 2L * 1024 * 1024 * 1024,
        };
    }

    private static List<Step> StepsOf(Theme theme, ref Dice dice, bool hasOneWatcher, bool hasPolicy, int crowd)
    {
        List<Act> acts = ActsOf(theme, ref dice);
        int length = 30 + dice.Below(crowd > 0 ? 60 : dice.OneIn(4) ? 400 : 130);
        int bus = 2 + dice.Below(4);
        bool interleaves = !dice.OneIn(3);
        List<Step> steps = [];
        int members = theme == Theme.Knots ? Seats : theme == Theme.Narrow ? 3 + dice.Below(Seats - 2) : 2 + dice.Below(Seats - 1);
        for (int seat = 0; seat < members + crowd; seat++)
        {
            steps.Add(new Step(Act.Open, seat < members ? seat : Seats + seat - members, dice.Next(), 0));
        }

        steps.Add(new Step(Act.Rest, 0, dice.Next(), 0));
        for (int seat = Seats; seat < Seats + crowd; seat++)
        {
            steps.Add(new Step(Act.Join, seat, dice.Next(), 0));
        }

        if (hasOneWatcher)
        {
            // What is heard is judged most strictly of a member that has listened from the beginning.
            steps.Add(new Step(Act.Watch, 0, dice.Next(), 0));
            steps.Add(new Step(Act.Report, 1, dice.Next(), 0));
            acts.AddRange(Enumerable.Repeat(Act.Bind, acts.Count / 3));
            acts.AddRange(Enumerable.Repeat(Act.Unbind, acts.Count / 8));
            acts.AddRange(Enumerable.Repeat(Act.Close, acts.Count / 30));
            acts.AddRange(Enumerable.Repeat(Act.Open, acts.Count / 20));
        }

        for (int i = 0; i < length; i++)
        {
            if (hasPolicy && dice.OneIn(theme == Theme.Policies ? 10 : 25))
            {
                steps.Add(new Step(Act.Reload, 0, dice.Next(), 0));
            }
            else if (dice.OneIn(bus))
            {
                steps.Add(new Step(dice.OneIn(3) ? Act.Rest : dice.OneIn(12) ? Act.Wait : Act.Round, 0, dice.Next(), 0));
            }
            else
            {
                Act act = acts[dice.Below(acts.Count)];
                steps.Add(new Step(act, dice.Below(crowd > 0 && dice.OneIn(3) ? Seats + crowd : Seats), dice.Next(), interleaves && dice.OneIn(4) ? MomentOf(ref dice) : 0));
            }
        }

        return steps;
    }

    private static int MomentOf(ref Dice dice) => dice.OneIn(2) ? -1 - dice.Below(4) : 1 + dice.Below(dice.OneIn(2) ? 6 : MostMoment);

    /// <summary>Each act as often as it is to be chosen: some not at all, so that the others meet more often.</summary>
    private static List<Act> ActsOf(Theme theme, ref Dice dice)
    {
        List<Act> acts = [];
        foreach ((Act act, int weight) in Usual)
        {
            // The dead are not brought back by a seed that opens nothing.
            int times = act is Act.Open or Act.Take ? 2 : dice.Of<int>(Weights);
            foreach ((Act favourite, int more) in Themes.Favourites(theme))
            {
                times = favourite == act ? Math.Max(1, times) * more : times;
            }

            acts.AddRange(Enumerable.Repeat(act, weight * times));
        }

        if (dice.OneIn(8))
        {
            acts.AddRange(Enumerable.Repeat(Act.Scribble, 3));
        }

        return acts;
    }
}

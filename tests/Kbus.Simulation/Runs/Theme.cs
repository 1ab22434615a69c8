namespace Kbus.Simulation;

/// <summary>What a run is mostly about. A run about everything comes to each rare state seldom; one about little comes there again and again.</summary>
internal enum Theme
{
    /// <summary>Everything.</summary>
    Anything,

    /// <summary>Queues of one or two messages, and sends that wait for room.</summary>
    Waiting,

    /// <summary>Queues of few bytes, and big messages that are read where they lie.</summary>
    Bytes,

    /// <summary>One member hears of repliers' binds and has little room; others bind, unbind and close.</summary>
    Events,

    /// <summary>Few bindings, Requests or bytes for all together.</summary>
    Shares,

    /// <summary>Several bindings to the same names, and members that want each message only once.</summary>
    Repeats,

    /// <summary>Urgent messages.</summary>
    Urgent,

    /// <summary>Sends that wait for each other's queues of one or two messages, and wakes in slices.</summary>
    Knots,

    /// <summary>Long queues, of which little is in the ring, and answers far behind.</summary>
    Piles,

    /// <summary>Replies, Statuses and whoever they are for: repliers that come and go.</summary>
    Answers,

    /// <summary>Places that are reserved for answers: queues that become shorter, Requests and Replies that wait and are given up, repliers that unbind.</summary>
    Narrow,

    /// <summary>Policies that change often, and end bindings and Ksocks; Replies that are Requests, too.</summary>
    Policies,
}

/// <summary>What a theme changes.</summary>
internal static class Themes
{
    // How often each theme comes up.
    private static readonly Theme[] Deck =
    [
        Theme.Anything, Theme.Anything, Theme.Anything, Theme.Waiting, Theme.Waiting, Theme.Waiting, Theme.Bytes, Theme.Bytes, Theme.Events, Theme.Events,
        Theme.Events, Theme.Shares, Theme.Repeats, Theme.Repeats, Theme.Urgent, Theme.Knots, Theme.Knots, Theme.Piles, Theme.Piles, Theme.Answers, Theme.Answers,
        Theme.Narrow, Theme.Narrow, Theme.Narrow, Theme.Policies, Theme.Policies,
    ];

    /// <summary>A theme.</summary>
    public static Theme Of(ref Dice dice) => dice.Of<Theme>(Deck);

    /// <summary>Acts that are more frequent in a theme: how often each takes the place of its usual share.</summary>
    public static (Act Act, int Times)[] Favourites(Theme theme) => theme switch
    {
        Theme.Waiting => [(Act.Tend, 4), (Act.Request, 2), (Act.Announce, 2), (Act.Unbind, 3), (Act.Die, 2), (Act.Ask, 2)],
        Theme.Bytes => [(Act.GiveBack, 8), (Act.Tend, 4), (Act.Announce, 2)],
        Theme.Events => [(Act.Bind, 4), (Act.Unbind, 4), (Act.Close, 3), (Act.Open, 3), (Act.Take, 3)],
        Theme.Shares => [(Act.Bind, 4), (Act.Request, 3), (Act.Open, 2), (Act.Unbind, 2)],
        Theme.Repeats => [(Act.Bind, 4), (Act.Ask, 4), (Act.Announce, 2)],
        Theme.Urgent => [(Act.Announce, 2), (Act.Request, 2), (Act.Unbind, 3), (Act.Peek, 2), (Act.Sleep, 3)],
        Theme.Knots => [(Act.Request, 3), (Act.Announce, 3), (Act.Bind, 2), (Act.Tend, 8), (Act.Take, 2), (Act.Ask, 3)],
        Theme.Piles => [(Act.Announce, 4), (Act.Request, 3), (Act.Reply, 4), (Act.Withdraw, 8), (Act.Empty, 6)],
        Theme.Narrow => [(Act.Request, 3), (Act.Announce, 2), (Act.Reply, 4), (Act.Bind, 3), (Act.Unbind, 5), (Act.Tend, 7), (Act.Take, 2), (Act.Ask, 3), (Act.GiveBack, 3)],
        Theme.Policies => [(Act.Request, 3), (Act.Reply, 5), (Act.Bind, 4), (Act.Open, 3), (Act.Announce, 2), (Act.Take, 2), (Act.MakeBus, 2)],
        Theme.Answers => [(Act.Request, 3), (Act.Reply, 2), (Act.Unbind, 3), (Act.Close, 3), (Act.Die, 3), (Act.Open, 3), (Act.Withdraw, 3)],
        _ => [],
    };

    /// <summary>True if so little may wait in a queue that big messages stand in each other's way.</summary>
    public static bool HasFewQueuedBytes(Theme theme, ref Dice dice) => theme == Theme.Bytes || (theme is Theme.Anything or Theme.Narrow && dice.OneIn(5));

    /// <summary>Every how many messages is a big one; 0 if none is.</summary>
    public static int BigOneIn(Theme theme, ref Dice dice) => theme == Theme.Bytes ? 2 + dice.Below(3) : dice.OneIn(4) ? 4 + dice.Below(12) : 0;

    /// <summary>True if sends wait for each other in short queues, so that what is rung and what has room is judged again and again.</summary>
    public static bool IsAboutRoom(Theme theme) => theme is Theme.Waiting or Theme.Bytes or Theme.Knots or Theme.Narrow;
}

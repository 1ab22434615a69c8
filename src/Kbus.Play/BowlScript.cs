namespace Kbus.Play;

/// <summary>The paper's chapter "Limpets" as a play: goldfish in a row of bowls, each bowl a bus, and a pair of Limpets in each glass
/// between two.</summary>
/// <remarks>
/// <para>A lives in the first bowl, R and later S in the last one. In each bowl between them lives a G that watches. With two bowls it is
/// R's neighbour. Limpet 1 is in bowl 0 and linked with Limpet 2 in bowl 1. Limpet 3 is also in bowl 1, and so on. The Limpet of a bowl
/// nearest to A is Ksock 1 there, the other one Ksock 2.</para>
/// <para>Spec section 12 says what each fish must see. The first Limpet on the way writes its network id into the id and,
/// with the sender's Ksock, into <c>orig_from</c>. <c>from</c> is always the Limpet that brought it.</para>
/// </remarks>
internal sealed class BowlScript
{
    private const string Gulp = "$.Gulp";
    private const string Splash = "$.Splash";
    private const string BindEvents = "$.KBUS.ReplierBindEvent";
    private const int Near = 1;
    private const int KsockOfA = 2;
    private static readonly int[] Colors = [33, 35, 34];

    private readonly int _last;
    private readonly int[] _serials;
    private readonly Role _a;
    private readonly Role _r;
    private readonly Role _s;
    private readonly Role[] _watchers;
    private readonly int _ksockOfR;
    private readonly int _farthest;

    /// <summary>Writes the script for a number of bowls.</summary>
    /// <param name="bowls">The number of bowls, 2 or more.</param>
    public BowlScript(int bowls)
    {
        _last = bowls - 1;
        _serials = new int[bowls];
        _farthest = 2 * _last;
        _a = Fish("A", 32, 0);
        _r = Fish("R", 36, _last);
        _s = Fish("S", 31, _last);
        _watchers = [.. Enumerable.Range(1, Math.Max(1, _last - 1)).Select(bowl => Fish("G", Colors[(bowl - 1) % Colors.Length], bowl))];
        _ksockOfR = bowls == 2 ? 3 : 2;
        Scenes =
        [
            new("Limpets on the glass", Limpets()),
            new("An announcement", Announcement()),
            new("A request", Request()),
            new("A stateful request", StatefulRequest()),
            new("The replier goes away", ReplierGone()),
            new("Tidying up", TidyingUp()),
        ];
    }

    /// <summary>The scenes.</summary>
    public IReadOnlyList<Scene> Scenes { get; }

    private static string Source => $"orig_from=(1,{KsockOfA})";

    private string Replier => $"({_farthest},{_ksockOfR})";

    private static Role Fish(string name, int color, int bowl) => new($"{name} in bowl {bowl}", color) { Bus = bowl };

    private static Role Limpet(int id) => new($"Limpet {id}", 90) { Bus = id / 2 };

    /// <summary>The Ksock of a bowl that represents everything beyond it, away from A.</summary>
    private static int Far(int bowl) => bowl == 0 ? 1 : 2;

    /// <summary>The bowls' own numbers: each message that a bus gives an id takes the next one.</summary>
    private int Next(int bowl) => ++_serials[bowl];

    private Line[] Limpets() => [.. Enumerable.Range(1, _last).SelectMany(Pair)];

    private static Line[] Pair(int bowl)
    {
        int near = (2 * bowl) - 1;
        int far = 2 * bowl;
        string glass = $"glass-{bowl - 1}-{bowl}";
        return
        [
            Limpet(far).SitsAsServer(glass, far, $"Listening for a connection at {glass}"),
            Limpet(near).SitsAsClient(glass, near, $"The other limpet's network id is {far}"),
            Limpet(far).MeetsItsPair($"The other limpet's network id is {near}"),
        ];
    }

    private List<Line> Announcement()
    {
        List<Line> lines = [_a.Opens(KsockOfA), _a.Binds(Splash)];
        foreach (Role g in _watchers)
        {
            lines.AddRange([g.Opens(g.Bus == _last ? 2 : 3), g.Binds(Gulp)]);
        }

        lines.AddRange([_r.Opens(_ksockOfR), _r.Binds(Gulp)]);
        int there = Next(0);
        lines.Add(_a.Announces(Gulp, "Bubble", there));
        lines.AddRange(Everyone().Select(fish => fish.Hears($"<Announcement '{Gulp}', id=[1:{there}], from={Near}, {Source}, data='Bubble'>")));
        int back = Next(_last);
        lines.Add(_r.Announces(Splash, "Plop", back));
        lines.Add(_a.Hears($"<Announcement '{Splash}', id=[{_farthest}:{back}], from={Far(0)}, orig_from={Replier}, data='Plop'>"));
        lines.Add(_r.Unbinds(Gulp));
        return lines;
    }

    private List<Line> Request() =>
    [
        _a.Binds(BindEvents),
        .. Binds(_r),
        .. Asks("Are you there?", out int serial),
        .. Replies("Yes, I am", serial, keptAs: "rep"),
    ];

    private List<Line> StatefulRequest() =>
    [
        .. AsksAgain("Still you?", out int serial),
        .. WatchersSee(g => StatefulSeenBy(g, "Still you?", serial)),
        _r.Hears($"<Request '{Gulp}', id=[1:{serial}], to={_ksockOfR}, from={Near}, {Source}, final_to=(0,{_ksockOfR}), flags=0x3 (REQ,YOU), data='Still you?'>", "req"),
        .. Replies("Still me", serial, keptAs: "again"),
    ];

    private List<Line> ReplierGone()
    {
        List<Line> lines = [.. Asks("Anybody?", out int ignored), _r.Exits()];
        (int Event, int Status) left = (0, 0);
        for (int bowl = _last; bowl >= 0; bowl--)
        {
            left = (Next(bowl), Next(bowl));
        }

        lines.AddRange(
        [
            _a.Hears(BindEvent(isBind: false, left.Event)),
            _a.Hears($"<Status '$.KBUS.Replier.Ignored', id=[0:{left.Status}], to={KsockOfA}, from={Far(0)}, orig_from={Replier}, in_reply_to=[0:{ignored}]>"),
            _s.Opens(_ksockOfR + 1),
            .. Binds(_s),
            .. AsksAgain("Still you?", out int wrong),
            .. WatchersSee(g => StatefulSeenBy(g, "Still you?", wrong)).Where(line => line.Role.Bus != _last),
        ]);

        // In R's bowl nobody received it. The last Limpet answers its pair; only from then on there are bowls, whose Limpets write down
        // where the answer came in.
        int status = 0;
        for (int bowl = _last - 1; bowl >= 0; bowl--)
        {
            status = Next(bowl);
        }

        string origin = _last == 1 ? "" : $"orig_from=({_farthest - 2},{Far(_last - 1)}), ";
        lines.Add(_a.Hears($"<Status '$.KBUS.Replier.NotSameKsock', id=[0:{status}], to={KsockOfA}, from={Far(0)}, {origin}in_reply_to=[0:{wrong}]>"));
        lines.Add(_s.HasNothingLeft());
        lines.Add(_s.Exits());
        lines.Add(_a.Hears(BindEvent(isBind: false, NextEverywhere())));
        lines.Add(_a.FailsToRequest(Gulp, "Anybody?", "[Errno 99] Cannot assign requested address"));
        return lines;
    }

    private List<Line> TidyingUp() =>
    [
        .. _watchers.Append(_a).SelectMany(fish => (Line[])[fish.HasNothingLeft(), fish.Exits()]),
        .. Enumerable.Range(1, _last).SelectMany(bowl => (Line[])[Limpet((2 * bowl) - 1).Leaves(), Limpet(2 * bowl).Leaves()]),
    ];

    private IEnumerable<Role> Everyone() => _watchers.Append(_r);

    /// <summary>A fish of the last bowl becomes replier, and so does in each other bowl a Limpet.</summary>
    private Line[] Binds(Role fish) => [fish.BindsAsReplier(Gulp), _a.Hears(BindEvent(isBind: true, NextEverywhere()))];

    private int NextEverywhere()
    {
        for (int bowl = _last; bowl > 0; bowl--)
        {
            _ = Next(bowl);
        }

        return Next(0);
    }

    private static string BindEvent(bool isBind, int serial) =>
        $"<ReplierBindEvent id=[0:{serial}], flags=0x204 (SYN,aFL), [{(isBind ? "Bind" : "Unbind")} '{Gulp}' for {Far(0)}]>";

    private Line[] Asks(string data, out int serial)
    {
        int sent = serial = Next(0);
        return
        [
            _a.Requests(Gulp, data, sent),
            .. WatchersSee(_ => $"<Request '{Gulp}', id=[1:{sent}], from={Near}, {Source}, flags=0x1 (REQ), data='{data}'>"),
            _r.Hears($"<Request '{Gulp}', id=[1:{sent}], from={Near}, {Source}, flags=0x3 (REQ,YOU), data='{data}'>", "req"),
        ];
    }

    private Line[] AsksAgain(string data, out int serial)
    {
        serial = Next(0);
        return
        [
            _a.PreparesStatefulRequest("rep", Gulp, data, $"<Request '{Gulp}', to={Far(0)}, final_to={Replier}, flags=0x1 (REQ), data='{data}'>"),
            _a.SendsIt(serial),
        ];
    }

    private string StatefulSeenBy(Role g, string data, int serial)
    {
        bool isThere = g.Bus == _last;
        (int to, string final) = isThere ? (_ksockOfR, $"(0,{_ksockOfR})") : (Far(g.Bus), Replier);
        return $"<Request '{Gulp}', id=[1:{serial}], to={to}, from={Near}, {Source}, final_to={final}, flags=0x1 (REQ), data='{data}'>";
    }

    /// <summary>R replies, and the Reply goes from bowl to bowl, in each of them as an answer to the Limpet that asked there.</summary>
    private List<Line> Replies(string data, int serial, string keptAs)
    {
        string body = $"in_reply_to=[1:{serial}], data='{data}'>";
        List<Line> lines =
        [
            _r.PreparesReply("req", data, $"<Reply '{Gulp}', to={Near}, {body}"),
            _r.SendsIt(Next(_last)),
        ];
        for (int bowl = _last; bowl > 0; bowl--)
        {
            int id = bowl == _last ? _serials[bowl] : Next(bowl);
            string origin = bowl == _last ? $"from={_ksockOfR}" : $"from={Far(bowl)}, orig_from={Replier}";
            lines.AddRange(_watchers.Where(g => g.Bus == bowl).Select(g => g.Hears($"<Reply '{Gulp}', id=[0:{id}], to={Near}, {origin}, {body}")));
        }

        lines.Add(_a.Hears(
            $"<Reply '{Gulp}', id=[0:{Next(0)}], to={KsockOfA}, from={Far(0)}, orig_from={Replier}, in_reply_to=[0:{serial}], data='{data}'>", keptAs));
        return lines;
    }

    private IEnumerable<Line> WatchersSee(Func<Role, string> printed) => _watchers.Select(g => g.Hears(printed(g)));
}

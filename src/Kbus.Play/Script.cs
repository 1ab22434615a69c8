namespace Kbus.Play;

/// <summary>The play: the paper's chapter "How - A simple introduction to using KBUS", line by line and in its order.</summary>
internal static class Script
{
    private const string Speak = "$.Actor.Speak";
    private const string Everything = "$.Actor.*";
    private const string Ask = "$.Actor.Ask.Guildenstern";
    private const string CoinToss = "$.Actor.CoinToss";
    private const string WereYou = "Were you speaking to me?";
    private const string WillYou = "Will you count heads for me?";

    private static readonly Role Rosencrantz = new("Rosencrantz", 32);
    private static readonly Role Audience = new("Audience", 36);
    private static readonly Role Guildenstern = new("Guildenstern", 33);
    private static readonly Role Falstaff = new("Falstaff", 35);

    /// <summary>The actors, each of which is a process.</summary>
    public static IReadOnlyList<Role> Cast { get; } = [Rosencrantz, Audience, Guildenstern, Falstaff];

    /// <summary>The scenes, as the chapter is divided.</summary>
    public static IReadOnlyList<Scene> Scenes { get; } =
    [
        new("Senders and Listeners", SendersAndListeners()),
        new("Requests and Repliers", RequestsAndRepliers()),
        new("Stateful requests", StatefulRequests()),
        new("Tidying up", TidyingUp()),
    ];

    private static Line[] SendersAndListeners() =>
    [
        Rosencrantz.Opens(1),
        Rosencrantz.Announces(Speak, "Ahem", 1),
        Audience.Opens(2),
        Audience.Binds(Speak),
        Rosencrantz.Announces(Speak, "Ahem", 2),
        Audience.Reads("<Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'>"),
        Rosencrantz.AsksForItsId(1),
        Audience.Reads("None"),
        Rosencrantz.Announces(Speak, "Hello there", 3),
        Rosencrantz.Announces(Speak, "Can you hear me?", 4),
        Audience.Hears("<Announcement '$.Actor.Speak', id=[0:3], from=1, data='Hello there'>"),
        Audience.Hears("<Announcement '$.Actor.Speak', id=[0:4], from=1, data='Can you hear me?'>"),
        Guildenstern.Opens(3),
        Guildenstern.Binds(Everything),
        Audience.Binds(Everything),
        Rosencrantz.Binds(Everything),
        Guildenstern.Announces(Speak, "Pssst!", 5),
        Guildenstern.Reads("<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>"),
        Rosencrantz.Reads("<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>"),
        Audience.Hears("<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>"),
        Audience.Hears("<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>"),
        Audience.Unbinds(Speak),
    ];

    private static Line[] RequestsAndRepliers() =>
    [
        Guildenstern.BindsAsReplier(Ask),
        Rosencrantz.Requests(Ask, WereYou, 6),
        Rosencrantz.Reads($"<Request '{Ask}', id=[0:6], from=1, flags=0x1 (REQ), data='{WereYou}'>"),
        Rosencrantz.Unbinds(Everything),
        Guildenstern.Reads($"<Request '{Ask}', id=[0:6], from=1, flags=0x3 (REQ,YOU), data='{WereYou}'>", "req"),
        Guildenstern.IsToReplyTo("req"),
        Guildenstern.Reads($"<Request '{Ask}', id=[0:6], from=1, flags=0x1 (REQ), data='{WereYou}'>"),
        Guildenstern.Unbinds(Everything),
        Guildenstern.PreparesReply("req", "Yes, yes I was", $"<Reply '{Ask}', to=1, in_reply_to=[0:6], data='Yes, yes I was'>"),
        Guildenstern.SendsIt(7),
        Guildenstern.Reads("None"),
        Rosencrantz.Reads($"<Reply '{Ask}', id=[0:7], to=1, from=3, in_reply_to=[0:6], data='Yes, yes I was'>", "rep"),
        Audience.Hears($"<Request '{Ask}', id=[0:6], from=1, flags=0x1 (REQ), data='{WereYou}'>"),
        Audience.Hears($"<Reply '{Ask}', id=[0:7], to=1, from=3, in_reply_to=[0:6], data='Yes, yes I was'>"),
    ];

    private static Line[] StatefulRequests() =>
    [
        Rosencrantz.Requests(Ask, WillYou, 8),
        Guildenstern.Reads($"<Request '{Ask}', id=[0:8], from=1, flags=0x3 (REQ,YOU), data='{WillYou}'>", "req"),
        Guildenstern.PreparesReply("req", "Yes, yes I shall", $"<Reply '{Ask}', to=1, in_reply_to=[0:8], data='Yes, yes I shall'>"),
        Guildenstern.SendsIt(9),
        Guildenstern.BindsAsReplier(CoinToss),
        Rosencrantz.Reads($"<Reply '{Ask}', id=[0:9], to=1, from=3, in_reply_to=[0:8], data='Yes, yes I shall'>", "rep"),
        Rosencrantz.AsksWhoSent("rep", 3),
        .. Toss(1, 10),
        .. Toss(2, 12),
        Guildenstern.Says("Falstaff! No! Ouch!"),
        Guildenstern.Closes(),
        Falstaff.Opens(4),
        Falstaff.BindsAsReplier(CoinToss),
        PreparesToss(),
        Rosencrantz.FailsToSendIt("[Errno 32] Broken pipe"),
        Rosencrantz.AsksWhatErrorMeans(32, """
            Error 32 (0x20) is EPIPE: Broken pipe

            KBUS:
            On attempting to send 'to' a specific replier, the replier with that id
            is no longer bound to the given message's name.
            """),
        Audience.Hears($"<Request '{Ask}', id=[0:8], from=1, flags=0x1 (REQ), data='{WillYou}'>"),
        Audience.Hears($"<Reply '{Ask}', id=[0:9], to=1, from=3, in_reply_to=[0:8], data='Yes, yes I shall'>"),
        Audience.Hears($"<Request '{CoinToss}', id=[0:10], to=3, from=1, flags=0x1 (REQ), data='Head'>"),
        Audience.Hears($"<Reply '{CoinToss}', id=[0:11], to=1, from=3, in_reply_to=[0:10], data='Head count is 1'>"),
        Audience.Hears($"<Request '{CoinToss}', id=[0:12], to=3, from=1, flags=0x1 (REQ), data='Head'>"),
        Audience.Hears($"<Reply '{CoinToss}', id=[0:13], to=1, from=3, in_reply_to=[0:12], data='Head count is 2'>"),
    ];

    private static Line[] Toss(int count, int serial) =>
    [
        PreparesToss(),
        Rosencrantz.SendsIt(serial),
        Guildenstern.Hears($"<Request '{CoinToss}', id=[0:{serial}], to=3, from=1, flags=0x3 (REQ,YOU), data='Head'>", "toss"),
        Guildenstern.CountsHead("toss"),
        Guildenstern.RepliesWithCount("toss", count, serial + 1),
        Rosencrantz.Reads($"<Reply '{CoinToss}', id=[0:{serial + 1}], to=1, from=3, in_reply_to=[0:{serial}], data='Head count is {count}'>", "count"),
        Rosencrantz.SaysOf("count", "So,", $"So, Head count is {count}"),
    ];

    private static Line PreparesToss() =>
        Rosencrantz.PreparesStatefulRequest("rep", CoinToss, "Head", $"<Request '{CoinToss}', to=3, flags=0x1 (REQ), data='Head'>");

    private static Line[] TidyingUp() =>
    [
        Audience.Exits(),
        Rosencrantz.HasNothingLeft(),
        Rosencrantz.Exits(),
        Guildenstern.Exits(),
        Falstaff.HasNothingLeft(),
        Falstaff.Exits(),
    ];
}

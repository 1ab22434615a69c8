namespace Kbus.Play;

/// <summary>A part in the play. Its methods write the lines of the script: what the actor does, and what the paper shows as the
/// result.</summary>
/// <param name="Name">The name.</param>
/// <param name="Color">The number of its colour on a terminal.</param>
internal sealed record Role(string Name, int Color)
{
    /// <summary>The number of the bus that the Ksock is on.</summary>
    public int Bus { get; init; }

    /// <summary>Opens a Ksock and prints it.</summary>
    public Line Opens(int id) => new(this, "opens a Ksock", new Deed(DeedKind.Open, $"{Bus}"), $"Ksock device {Bus}, id {id}, mode read/write");

    /// <summary>Asks for the id of the Ksock.</summary>
    public Line AsksForItsId(int id) => new(this, "asks for the id of that Ksock", new Deed(DeedKind.AskId), $"{id}");

    /// <summary>Binds as listener.</summary>
    public Line Binds(string name) => new(this, $"binds to {name}", new Deed(DeedKind.Bind, name), "");

    /// <summary>Binds as replier.</summary>
    public Line BindsAsReplier(string name) => new(this, $"binds as replier to {name}", new Deed(DeedKind.BindAsReplier, name), "");

    /// <summary>Ends a binding as listener.</summary>
    public Line Unbinds(string name) => new(this, $"unbinds {name}", new Deed(DeedKind.Unbind, name), "");

    /// <summary>Sends an announcement.</summary>
    public Line Announces(string name, string data, int serial) =>
        new(this, $"sends <Announcement '{name}', data='{data}'>", new Deed(DeedKind.Announce, name, data), Id(serial));

    /// <summary>Sends a Request, without waiting for the reply.</summary>
    public Line Requests(string name, string data, int serial) =>
        new(this, $"sends <Request '{name}', flags=0x1 (REQ), data='{data}'>", new Deed(DeedKind.Request, name, data), Id(serial));

    /// <summary>Tries to send a Request that cannot be sent.</summary>
    public Line FailsToRequest(string name, string data, string error) =>
        new(this, $"sends <Request '{name}', flags=0x1 (REQ), data='{data}'>", new Deed(DeedKind.Request, name, data), error);

    /// <summary>Reads the next message, which is there or is not.</summary>
    public Line Reads(string printed, string keptAs = "msg") => new(this, "reads", new Deed(DeedKind.Read, keptAs), printed);

    /// <summary>Waits for the next message.</summary>
    public Line Hears(string printed, string keptAs = "msg") => new(this, "hears", new Deed(DeedKind.Wait, keptAs), printed);

    /// <summary>Asks a message whether it is to be replied to.</summary>
    public Line IsToReplyTo(string kept) => new(this, "asks whether it wants a reply from this Ksock", new Deed(DeedKind.WantsUsToReply, kept), "True");

    /// <summary>Makes the Reply to a Request and prints it.</summary>
    public Line PreparesReply(string kept, string data, string printed) => new(this, "prepares", new Deed(DeedKind.PrepareReply, kept, data), printed);

    /// <summary>Makes a stateful Request from an earlier Reply and prints it.</summary>
    public Line PreparesStatefulRequest(string kept, string name, string data, string printed) =>
        new(this, "prepares", new Deed(DeedKind.PrepareStatefulRequest, kept, name, data), printed);

    /// <summary>Sends what was prepared.</summary>
    public Line SendsIt(int serial) => new(this, "sends it", new Deed(DeedKind.SendPrepared), Id(serial));

    /// <summary>Tries to send what was prepared.</summary>
    public Line FailsToSendIt(string error) => new(this, "sends it", new Deed(DeedKind.SendPrepared), error);

    /// <summary>Asks a message whom it is from.</summary>
    public Line AsksWhoSent(string kept, int id) => new(this, $"asks whom {kept} is from", new Deed(DeedKind.From, kept), $"{id}");

    /// <summary>Counts a coin that shows heads.</summary>
    public Line CountsHead(string kept) => new(this, "says", new Deed(DeedKind.CountHead, kept), "A head - amazing");

    /// <summary>Replies with the count so far.</summary>
    public Line RepliesWithCount(string kept, int count, int serial) =>
        new(this, $"replies 'Head count is {count}'", new Deed(DeedKind.ReplyWithCount, kept), Id(serial));

    /// <summary>Says something about a message's data.</summary>
    public Line SaysOf(string kept, string before, string text) => new(this, "says", new Deed(DeedKind.SayData, kept, before), text);

    /// <summary>Says something.</summary>
    public Line Says(string text) => new(this, "says", new Deed(DeedKind.Say, text), text);

    /// <summary>Closes the Ksock.</summary>
    public Line Closes() => new(this, "closes the Ksock", new Deed(DeedKind.Close), $"Ksock device {Bus} (closed)");

    /// <summary>Asks the command what an error means.</summary>
    public Line AsksWhatErrorMeans(int errno, string text) => new(this, $"runs kbus errno {errno}", new Deed(DeedKind.ExplainErrno, $"{errno}"), text);

    /// <summary>Looks whether messages are left.</summary>
    public Line HasNothingLeft() => new(this, "reads whatever is left", new Deed(DeedKind.ReadAll), "nothing");

    /// <summary>Leaves.</summary>
    public Line Exits() => new(this, "exits", new Deed(DeedKind.Exit), "");

    /// <summary>A Limpet waits for its pair at the glass between two bowls.</summary>
    public Line SitsAsServer(string glass, int networkId, string printed) => Sits("--server", glass, networkId, printed);

    /// <summary>A Limpet finds its pair at the glass between two bowls.</summary>
    public Line SitsAsClient(string glass, int networkId, string printed) => Sits("--client", glass, networkId, printed);

    /// <summary>A Limpet says who its pair is.</summary>
    public Line MeetsItsPair(string printed) => new(this, "says", new Deed(DeedKind.MeetPair), printed);

    /// <summary>A Limpet ends.</summary>
    public Line Leaves() => new(this, "leaves", new Deed(DeedKind.Leave), "Limpet closed");

    private Line Sits(string side, string glass, int networkId, string printed)
    {
        string[] arguments = [side, glass, "--bus", $"{Bus}", "--id", $"{networkId}"];
        return new Line(this, $"sits in bowl {Bus}, with kbus limpet {string.Join(' ', arguments)}", new Deed(DeedKind.Sit, arguments), printed);
    }

    private static string Id(int serial) => $"MessageId(0, {serial})";
}

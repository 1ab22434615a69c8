using System.Text.Json.Nodes;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>Our Limpet paired with the second implementation, which has a toy bus behind it: what one bus asks the other answers. Spec section 12.6.</summary>
public sealed class ToyBusTests : IDisposable
{
    private readonly Bowls _bowls = new(1);
    private readonly PythonPeer _peer = new();

    public void Dispose()
    {
        _peer.Dispose();
        _bowls.Dispose();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Each_bus_hears_asks_and_answers_the_other(bool isOurServer, bool isTcp)
    {
        await using IAsyncDisposable link = await _peer.Link(_bowls.Options(0, 1), isOurServer, isTcp);
        _peer.Do(new { @do = "toy", id = 2, peer = 1 });
        Ksock fish = _bowls.Bound(0, "$.FromToy");

        // Announcements.
        _peer.Bus("announce", 4, "$.FromToy", "0102");
        Message heard = Bowls.Next(fish);
        Assert.Equal((MessageKind.Announcement, new MessageId(2, 1), new OrigFrom(2, 4)), (heard.Kind, heard.Id, heard.OrigFrom));
        fish.Send(new Announcement("$.ToToy", "abc"));
        _peer.Bus("pump", 1);
        Assert.Equal("616263", $"{State("heard")[0]!["data"]}");

        // A replier of the toy bus answers, also a stateful Request; another in its place does not.
        _peer.Bus("bind", "$.Toy", 6);
        _bowls.AwaitReplier(0, "$.Toy");
        Message reply = Ask(fish, new Request("$.Toy", "abc"));
        Assert.Equal(("cba", new OrigFrom(2, 6)), (reply.DataAsText, reply.OrigFrom));
        reply = Ask(fish, Message.StatefulRequest(reply, "$.Toy", "def"));
        Assert.Equal(("fed", new OrigFrom(2, 6)), (reply.DataAsText, reply.OrigFrom));
        _peer.Bus("unbind", "$.Toy");
        _bowls.AwaitNoReplier(0, "$.Toy");
        _peer.Bus("bind", "$.Toy", 7);
        _bowls.AwaitReplier(0, "$.Toy");
        Assert.Equal("$.KBUS.Replier.NotSameKsock", Ask(fish, Message.StatefulRequest(reply, "$.Toy", "ghi")).Name);

        // A replier of ours answers the toy bus, also a stateful Request; another in its place does not.
        Ksock replier = _bowls.Bound(0, "$.Ours", replier: true);
        _peer.Bus("pump", 1);
        Assert.Equal("$.Ours", $"{State("far")[0]}");
        int first = AskFromToy(replier, "aa", null);
        JsonNode answer = _peer.Bus("answer", first);
        Assert.Equal(("aa", replier.Id), ($"{answer["data"]}", answer["orig_from"]![1]!.GetValue<uint>()));
        int second = AskFromToy(replier, "bb", first);
        Assert.Equal("bb", $"{_peer.Bus("answer", second)["data"]}");
        replier.Unbind("$.Ours", replier: true);
        Ksock other = _bowls.Bound(0, "$.Ours", replier: true);
        _peer.Bus("pump", 2);
        int third = SerialOf(_peer.Bus("ask", 5, "$.Ours", "cc", first));
        _peer.Bus("pump", 1);
        Assert.Equal("$.KBUS.Replier.NotSameKsock", $"{_peer.Bus("answer", third)["name"]}");
        Assert.Equal(0u, other.NumMessages);

        // When it goes while it owes an answer, the toy bus hears of it.
        int fourth = SerialOf(_peer.Bus("ask", 5, "$.Ours", "dd"));
        Bowls.Next(other);
        other.Dispose();
        _peer.Bus("pump", 2);
        Assert.Equal("$.KBUS.Replier.Ignored", $"{_peer.Bus("answer", fourth)["name"]}");
        Assert.Empty(State("far").AsArray());
        int fifth = SerialOf(_peer.Bus("ask", 5, "$.Ours", "ee"));
        _peer.Bus("pump", 1);
        Assert.Equal("$.KBUS.RemoteError.EADDRNOTAVAIL", $"{_peer.Bus("answer", fifth)["name"]}");
        Assert.Equal(0u, fish.NumMessages);
    }

    private Message Ask(Ksock fish, Request request)
    {
        MessageId asked = fish.Send(request);
        _peer.Bus("pump", 1);
        Message answer = Bowls.Next(fish);
        Assert.Equal(asked, answer.InReplyTo);
        return answer;
    }

    private int AskFromToy(Ksock replier, string data, int? earlier)
    {
        int serial = SerialOf(_peer.Bus("ask", 5, "$.Ours", data, earlier));
        Message request = Bowls.Next(replier);
        Assert.Equal((new MessageId(2, (uint)serial), new OrigFrom(2, 5)), (request.Id, request.OrigFrom));
        replier.Send(Message.ReplyTo(request, request.Data));
        _peer.Bus("pump", 1);
        return serial;
    }

    private static int SerialOf(JsonNode sent) => sent["id"]![1]!.GetValue<int>();

    private JsonNode State(string part) => _peer.Bus("state")[part]!;
}

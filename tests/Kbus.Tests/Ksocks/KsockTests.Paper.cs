namespace Kbus.Tests;

// The play of the paper's first chapter, with its printed forms and its message ids.
public abstract partial class KsockTests
{
    private static void Hears(string[] expected, Ksock who) => Assert.Equal(expected, who.ReadAvailable().Select(m => m.ToString()));

    [Fact]
    public Task The_paper_is_played_as_printed() => Limited.Run(() =>
    {
        Ksock rosencrantz = Open();
        Assert.Equal("Ksock device 0, id 1, mode read/write", rosencrantz.ToString());
        var ahem = new Message("$.Actor.Speak", "Ahem");
        Assert.Equal(new MessageId(0, 1), rosencrantz.Send(ahem));

        Ksock audience = Open();
        audience.Bind("$.Actor.Speak");
        Assert.Equal(new MessageId(0, 2), rosencrantz.Send(ahem));
        Message heard = audience.ReadNextMessage()!;
        Assert.Equal("<Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'>", heard.ToString());
        Assert.Equal(new Message("$.Actor.Speak", "Ahem") { From = 1, Id = new MessageId(0, 2) }, heard);
        Assert.Equal(1u, rosencrantz.Id);
        Assert.Null(audience.ReadNextMessage());
        rosencrantz.Send(new Message("$.Actor.Speak", "Hello there"));
        rosencrantz.Send(new Message("$.Actor.Speak", "Can you hear me?"));
        Assert.Equal("<Announcement '$.Actor.Speak', id=[0:3], from=1, data='Hello there'>", audience.WaitForMessage()!.ToString());
        Assert.Equal("<Announcement '$.Actor.Speak', id=[0:4], from=1, data='Can you hear me?'>", audience.WaitForMessage()!.ToString());

        Ksock guildenstern = Open();
        Assert.Equal("Ksock device 0, id 3, mode read/write", guildenstern.ToString());
        guildenstern.Bind("$.Actor.*");
        audience.Bind("$.Actor.*");
        rosencrantz.Bind("$.Actor.*");
        Assert.Equal(new MessageId(0, 5), guildenstern.Send(new Message("$.Actor.Speak", "Pssst!")));
        const string pssst = "<Announcement '$.Actor.Speak', id=[0:5], from=3, data='Pssst!'>";
        Hears([pssst], guildenstern);
        Hears([pssst], rosencrantz);
        Hears([pssst, pssst], audience);
        audience.Unbind("$.Actor.Speak");

        guildenstern.Bind("$.Actor.Ask.Guildenstern", replier: true);
        Assert.Equal(new MessageId(0, 6), rosencrantz.Send(new Request("$.Actor.Ask.Guildenstern", "Were you speaking to me?")));
        const string overheard = "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x1 (REQ), data='Were you speaking to me?'>";
        Hears([overheard], rosencrantz);
        rosencrantz.Unbind("$.Actor.*");
        Message request = guildenstern.ReadNextMessage()!;
        Assert.Equal(
            "<Request '$.Actor.Ask.Guildenstern', id=[0:6], from=1, flags=0x3 (REQ,YOU), data='Were you speaking to me?'>",
            request.ToString());
        Assert.True(request.WantsUsToReply);
        Hears([overheard], guildenstern);
        guildenstern.Unbind("$.Actor.*");
        Reply reply = Message.ReplyTo(request, "Yes, yes I was");
        Assert.Equal("<Reply '$.Actor.Ask.Guildenstern', to=1, in_reply_to=[0:6], data='Yes, yes I was'>", reply.ToString());
        Assert.Equal(new MessageId(0, 7), guildenstern.Send(reply));
        Assert.Null(guildenstern.ReadNextMessage());
        const string answer = "<Reply '$.Actor.Ask.Guildenstern', id=[0:7], to=1, from=3, in_reply_to=[0:6], data='Yes, yes I was'>";
        Hears([answer], rosencrantz);
        Hears([overheard, answer], audience);

        PlayCoinToss(rosencrantz, audience, guildenstern);
    });

    private void PlayCoinToss(Ksock rosencrantz, Ksock audience, Ksock guildenstern)
    {
        Assert.Equal(new MessageId(0, 8), rosencrantz.Send(new Request("$.Actor.Ask.Guildenstern", "Will you count heads for me?")));
        Assert.Equal(new MessageId(0, 9), guildenstern.Send(Message.ReplyTo(guildenstern.ReadNextMessage()!, "Yes, yes I shall")));
        guildenstern.Bind("$.Actor.CoinToss", replier: true);
        Message reply = rosencrantz.ReadNextMessage()!;
        Assert.Equal(3u, reply.From);
        Request toss = Message.StatefulRequest(reply, "$.Actor.CoinToss", "Head");
        Assert.Equal("<Request '$.Actor.CoinToss', to=3, flags=0x1 (REQ), data='Head'>", toss.ToString());
        for (uint heads = 1; heads <= 2; heads++)
        {
            uint serial = 8 + (2 * heads);
            Assert.Equal(new MessageId(0, serial), rosencrantz.Send(toss));
            Message tossed = guildenstern.WaitForMessage()!;
            Assert.Equal(
                $"<Request '$.Actor.CoinToss', id=[0:{serial}], to=3, from=1, flags=0x3 (REQ,YOU), data='Head'>", tossed.ToString());
            Assert.Equal(new MessageId(0, serial + 1), guildenstern.Send(Message.ReplyTo(tossed, $"Head count is {heads}")));
            Assert.Equal($"Head count is {heads}", rosencrantz.ReadNextMessage()!.DataAsText);
        }

        guildenstern.Dispose();
        Ksock falstaff = Open();
        falstaff.Bind("$.Actor.CoinToss", replier: true);
        KbusException lost = Assert.Throws<KbusException>(() => rosencrantz.Send(toss));
        Assert.Equal(Errno.EPIPE, lost.Errno);
        Assert.Equal(
            "EPIPE: Ksock 3 no longer replies to $.Actor.CoinToss. Ksock 1 of bus 0 sent nothing. " + KbusErrors.Advice(Errno.EPIPE), lost.Message);
        Assert.Equal(
            "On attempting to send 'to' a specific replier, the replier with that id\nis no longer bound to the given message's name.",
            lost.KbusMeaning);
        Hears(
            [
                "<Request '$.Actor.Ask.Guildenstern', id=[0:8], from=1, flags=0x1 (REQ), data='Will you count heads for me?'>",
                "<Reply '$.Actor.Ask.Guildenstern', id=[0:9], to=1, from=3, in_reply_to=[0:8], data='Yes, yes I shall'>",
                "<Request '$.Actor.CoinToss', id=[0:10], to=3, from=1, flags=0x1 (REQ), data='Head'>",
                "<Reply '$.Actor.CoinToss', id=[0:11], to=1, from=3, in_reply_to=[0:10], data='Head count is 1'>",
                "<Request '$.Actor.CoinToss', id=[0:12], to=3, from=1, flags=0x1 (REQ), data='Head'>",
                "<Reply '$.Actor.CoinToss', id=[0:13], to=1, from=3, in_reply_to=[0:12], data='Head count is 2'>",
            ],
            audience);
        Hears([], rosencrantz);
        Hears([], falstaff);
    }
}

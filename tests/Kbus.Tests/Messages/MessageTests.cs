using System.Text;

namespace Kbus.Tests;

/// <summary>Messages as users make, compare, copy and read them.</summary>
public sealed class MessageTests
{
    [Theory]
    [InlineData("Fred", "Message name \"Fred\" does not start \"$.\".")]
    [InlineData("", "Message name \"\" does not start \"$.\".")]
    [InlineData("$.", "Message name is 2 long, minimum is 3 (e.g., '$.*').")]
    public void A_name_that_cannot_be_one_is_refused_at_once(string name, string sentence)
    {
        Assert.Equal(sentence, Assert.Throws<ArgumentException>(() => new Message(name)).Message);
        Assert.Equal(sentence, Assert.Throws<ArgumentException>(() => new Announcement(name, "text")).Message);
    }

    [Fact]
    public void Data_is_text_bytes_or_nothing()
    {
        Assert.Equal("Ahem"u8, new Announcement("$.A", "Ahem").Data.Span);
        Assert.Equal("Grüße"u8, new Announcement("$.A", "Grüße").Data.Span);
        Assert.Equal("Grüße", new Announcement("$.A", "Grüße").DataAsText);
        Assert.Equal(new byte[] { 1, 2 }, new Announcement("$.A", new byte[] { 1, 2 }).Data.ToArray());
        Assert.True(new Announcement("$.A").Data.IsEmpty);
        Assert.Equal(new Announcement("$.A"), new Announcement("$.A", ""));
        Assert.Equal(new Announcement("$.A"), new Announcement("$.A", (string?)null));
        Assert.Equal("", new Announcement("$.A").DataAsText);
    }

    [Fact]
    public void Kinds_follow_from_the_header()
    {
        Message announcement = new("$.A");
        Message request = new("$.A") { Flags = MessageFlags.WantAReply };
        Message stateful = new("$.A") { Flags = MessageFlags.WantAReply, To = 3 };
        Message reply = new("$.A") { InReplyTo = new MessageId(0, 5) };
        Message status = new("$.KBUS.Replier.GoneAway") { InReplyTo = new MessageId(0, 5) };
        Message bindEvent = new(ReplierBindEvent.MessageName);
        Assert.Equal(
            [MessageKind.Announcement, MessageKind.Request, MessageKind.Request, MessageKind.Reply, MessageKind.Status, MessageKind.ReplierBindEvent],
            new[] { announcement, request, stateful, reply, status, bindEvent }.Select(m => m.Kind));
        Assert.Equal([false, true, true, false], new[] { announcement, request, stateful, reply }.Select(m => m.IsRequest));
        Assert.Equal([false, false, true, false], new[] { announcement, request, stateful, reply }.Select(m => m.IsStatefulRequest));
        Assert.Equal([false, false, true, true], new[] { announcement, request, reply, status }.Select(m => m.IsReply));
        Assert.Equal([false, true], new[] { reply, status }.Select(m => m.IsStatus));
        Assert.True(new Message("$.A") { Flags = MessageFlags.WantYouToReply }.WantsUsToReply);
        Assert.True(new Message("$.A") { Flags = MessageFlags.Synthetic }.IsSynthetic);
        Assert.True(new Message("$.A") { Flags = MessageFlags.Urgent }.IsUrgent);
    }

    [Fact]
    public void An_announcement_is_neither_Request_nor_Reply()
    {
        Assert.Equal("Announcements are not Requests.", Assert.Throws<ArgumentException>(() => new Announcement("$.A", "", MessageFlags.WantAReply)).Message);
        Assert.Throws<ArgumentException>(() => new Announcement("$.A").WithFlags(MessageFlags.WantAReply));
        Assert.Throws<ArgumentException>(() => new Announcement("$.A") { InReplyTo = new MessageId(0, 1) });
    }

    [Fact]
    public void A_Request_stays_one_and_a_Reply_says_to_what()
    {
        Assert.Equal(MessageFlags.WantAReply, new Request("$.A").Flags);
        Assert.Equal(MessageFlags.WantAReply | MessageFlags.Urgent, new Request("$.A", "", flags: MessageFlags.Urgent).Flags);
        Assert.True(new Request("$.A").WithFlags(MessageFlags.None).IsRequest);
        Assert.True(new Request("$.A", "data", to: 7).IsStatefulRequest);
        Assert.Equal("A Reply must specify in_reply_to.", Assert.Throws<ArgumentException>(() => new Reply("$.A", MessageId.None)).Message);
    }

    [Fact]
    public void Copies_differ_in_one_thing_and_are_of_the_same_class()
    {
        var request = new Request("$.A", "data", to: 3);
        Request urgent = request.AsUrgent();
        Assert.False(request.IsUrgent);
        Assert.True(urgent.IsUrgent && urgent.IsRequest);
        Assert.Equal(request, urgent.AsUrgent(false));
        Assert.Equal(9u, request.WithTo(9).To);
        Assert.Equal(new MessageId(1, 2), request.WithId(new MessageId(1, 2)).Id);
        Assert.Equal("other", request.WithData("other").DataAsText);
        Assert.Equal("bytes", request.WithData("bytes"u8.ToArray()).DataAsText);
        Assert.Equal(new OrigFrom(1, 2), request.WithOrigFrom(new OrigFrom(1, 2)).OrigFrom);
        Assert.Equal(new OrigFrom(1, 2), request.WithFinalTo(new OrigFrom(1, 2)).FinalTo);
        Assert.Equal(new Request("$.A", "data", to: 3), request);
    }

    [Fact]
    public void Messages_are_equal_when_every_field_is_whatever_their_class()
    {
        var request = new Request("$.A", "data", to: 3);
        var plain = new Message("$.A", "data") { Flags = MessageFlags.WantAReply, To = 3 };
        Assert.Equal<Message>(request, plain);
        Assert.True(request == plain && plain == request && !(request != plain));
        Assert.Equal(request.GetHashCode(), plain.GetHashCode());
        Assert.Single(new HashSet<Message> { request, plain });
        Message[] others =
        [
            new Message("$.B", "data") { Flags = MessageFlags.WantAReply, To = 3 },
            plain.WithData("date"), plain.WithTo(4), plain.WithFlags(MessageFlags.None), plain.WithId(new MessageId(0, 1)),
            plain.WithOrigFrom(new OrigFrom(0, 1)), plain.WithFinalTo(new OrigFrom(0, 1)),
            new Message("$.A", "data") { Flags = MessageFlags.WantAReply, To = 3, From = 1 },
            new Message("$.A", "data") { Flags = MessageFlags.WantAReply, To = 3, InReplyTo = new MessageId(0, 1) },
        ];
        Assert.All(others, other => Assert.NotEqual(plain, other));
        Assert.False(plain.Equals("a string"));
        Assert.False(plain == null);
        Assert.True((Message?)null == null);
    }

    [Fact]
    public void A_reply_goes_back_to_the_sender_of_the_Request()
    {
        Message request = Received(new Request("$.A", "?"), MessageFlags.WantAReply | MessageFlags.WantYouToReply | MessageFlags.Urgent);
        Reply reply = Message.ReplyTo(request, "!");
        Assert.Equal("<Reply '$.A', to=5, in_reply_to=[0:7], data='!'>", reply.ToString());
        Assert.Equal("<Reply '$.A', to=5, in_reply_to=[0:7], flags=0x8 (URG)>", Message.ReplyTo(request, flags: MessageFlags.Urgent).ToString());
        string refusal = Assert.Throws<ArgumentException>(() => Message.ReplyTo(new Announcement("$.A", "x"))).Message;
        Assert.Equal("Cannot form a reply to a message that does not have WANT_A_REPLY and WANT_YOU_TO_REPLY set: <Announcement '$.A', data='x'>", refusal);
        Assert.Throws<ArgumentException>(() => Message.ReplyTo(new Request("$.A")));
    }

    [Fact]
    public void A_stateful_Request_goes_to_who_replied_before()
    {
        Message reply = new("$.A") { InReplyTo = new MessageId(0, 7), From = 3, OrigFrom = new OrigFrom(1, 2) };
        Request first = Message.StatefulRequest(reply, "$.Toss", "Head");
        Assert.Equal("<Request '$.Toss', to=3, final_to=(1,2), flags=0x1 (REQ), data='Head'>", first.ToString());
        Request second = Message.StatefulRequest(first, "$.Toss", "Tail"u8.ToArray());
        Assert.Equal("<Request '$.Toss', to=3, final_to=(1,2), flags=0x1 (REQ), data='Tail'>", second.ToString());
        Assert.Throws<ArgumentException>(() => Message.StatefulRequest(new Request("$.A"), "$.Toss"));
        Assert.Throws<ArgumentException>(() => Message.StatefulRequest(new Announcement("$.A"), "$.Toss"));
    }

    [Fact]
    public void The_entire_form_is_that_of_the_original_byte_for_byte()
    {
        byte[] bytes = new Announcement("$.Fred", "abc1234").ToBytes();
        Assert.Equal(
            "4b62757300000000000000000000000000000000000000000000000000000000" +
            "0000000000000000000000000000000000000000060000000700000000000000" +
            "000000000000000000000000000000007375624b00000000242e467265640000" +
            "61626331323334007375624b",
            Convert.ToHexStringLower(bytes));
        Assert.Equal(108, new Announcement("$.Fred", "abc1234").EntireLength);
    }

    [Fact]
    public void A_message_read_from_its_bytes_is_the_same_message()
    {
        for (int length = 0; length < 20; length++)
        {
            var message = new Message("$.Fred" + new string('x', length), new string('d', length))
            {
                Id = new MessageId(1, 2),
                InReplyTo = new MessageId(3, 4),
                To = 5,
                From = 6,
                OrigFrom = new OrigFrom(7, 8),
                FinalTo = new OrigFrom(9, 10),
                Flags = (MessageFlags)0xABCD0107,
                Extra = 11,
            };
            Message back = Message.FromBytes(message.ToBytes());
            Assert.Equal(message, back);
            Assert.Equal(message.Extra, back.Extra);
            Assert.IsType<Reply>(back);
        }

        Assert.IsType<Status>(Message.FromBytes(new Message("$.KBUS.Replier.Ignored") { InReplyTo = new MessageId(0, 1) }.ToBytes()));
        Assert.IsType<Request>(Message.FromBytes(new Request("$.A").ToBytes()));
        Assert.IsType<Announcement>(Message.FromBytes(new Message("$.A") { OrigFrom = new OrigFrom(1, 2) }.ToBytes()));
    }

    [Fact]
    public void Bytes_that_are_no_entire_message_are_refused()
    {
        Refused("Cannot form entire message from string \"abc\" of length 3.", "abc"u8.ToArray());
        Refused(
            "Cannot form entire message from string \"xxxxxxxx..xxxxxxxx\" which does not start with message start guard.",
            Encoding.ASCII.GetBytes(new string('x', 100)));
        byte[] cut = new Announcement("$.Fred", "abc1234").ToBytes()[..^8];
        Refused("Cannot form entire message from 100 bytes: its header speaks of 6 bytes of name and 7 of data.", cut);
        byte[] pointy = new Announcement("$.Fred", "abc1234").ToBytes();
        pointy[64] = 1;
        Assert.Throws<ArgumentException>(() => Message.FromBytes(pointy));
        byte[] greedy = new Announcement("$.Fred", "abc1234").ToBytes();
        greedy.AsSpan(56, 4).Fill(0xFF);
        Assert.Throws<ArgumentException>(() => Message.FromBytes(greedy));

        static void Refused(string sentence, byte[] bytes) =>
            Assert.Equal(sentence, Assert.Throws<ArgumentException>(() => Message.FromBytes(bytes)).Message);
    }

    [Fact]
    public void A_name_with_other_bytes_survives_being_read_and_written()
    {
        byte[] bytes = new Announcement("$.Fred").ToBytes();
        bytes[92] = 0xE9;
        Message message = Message.FromBytes(bytes);
        Assert.Equal("$.Fréd", message.Name);
        Assert.Equal(bytes, message.ToBytes());
        Assert.Equal(message, Message.FromBytes(message.ToBytes()));
    }

    private static Message Received(Message message, MessageFlags flags)
    {
        byte[] bytes = new Message(message.Name, message.Data) { Flags = flags, From = 5, Id = new MessageId(0, 7) }.ToBytes();
        return Message.FromBytes(bytes);
    }
}

using System.Text;

namespace Kbus.Tests;

/// <summary>How messages are printed: as in the paper.</summary>
public sealed class PrintedFormTests
{
    [Fact]
    public void Fields_stand_in_the_order_of_the_paper_and_unset_ones_are_left_out()
    {
        Assert.Equal("<Announcement '$.X'>", new Message("$.X").ToString());
        var all = new Message("$.X", "hi")
        {
            Id = new MessageId(3, 6),
            To = 4,
            From = 1,
            OrigFrom = new OrigFrom(1, 2),
            FinalTo = new OrigFrom(3, 4),
            InReplyTo = new MessageId(0, 5),
            Flags = (MessageFlags)0x1030F,
        };
        Assert.Equal(
            "<Reply '$.X', id=[3:6], to=4, from=1, orig_from=(1,2), final_to=(3,4), in_reply_to=[0:5], " +
            "flags=0x1030f (REQ,YOU,SYN,URG,aFL,aWT), data='hi'>",
            all.ToString());
        Assert.Equal("<Announcement '$.X', flags=0x10000>", new Message("$.X") { Flags = (MessageFlags)0x10000 }.ToString());
        Assert.Equal("<Status '$.KBUS.Replier.Ignored', in_reply_to=[0:5]>", new Message("$.KBUS.Replier.Ignored") { InReplyTo = new MessageId(0, 5) }.ToString());
    }

    [Theory]
    [InlineData("Ahem", "'Ahem'")]
    [InlineData("it's", @"'it\'s'")]
    [InlineData(@"a\b", @"'a\\b'")]
    [InlineData("a\0b\n\x7f\x1b[31m", @"'a\x00b\x0a\x7f\x1b[31m'")]
    [InlineData("Grüße 你好", "'Grüße 你好'")]
    [InlineData("a\u202Eb\u00A0c", @"'a\xe2\x80\xaeb\xc2\xa0c'")]
    public void Data_is_printed_as_text_as_far_as_it_is_text(string text, string printed)
    {
        Assert.Equal($"<Announcement '$.X', data={printed}>", new Message("$.X", text).ToString());
    }

    [Fact]
    public void Bytes_that_are_no_text_are_printed_as_numbers()
    {
        Assert.Equal(@"<Announcement '$.X', data='\xff\xc3A\xe2\x82'>", new Message("$.X", new byte[] { 0xFF, 0xC3, 0x41, 0xE2, 0x82 }).ToString());
    }

    [Fact]
    public void A_replier_bind_event_is_printed_with_what_it_says()
    {
        byte[] data = [1, 0, 0, 0, 7, 0, 0, 0, 6, 0, 0, 0, .. "$.Fred\0\0"u8];
        var message = new Message(ReplierBindEvent.MessageName, data)
        {
            Id = new MessageId(0, 9),
            Flags = MessageFlags.Synthetic | MessageFlags.AllOrFail,
        };
        Assert.Equal("<ReplierBindEvent id=[0:9], flags=0x204 (SYN,aFL), [Bind '$.Fred' for 7]>", message.ToString());
        Assert.Equal("<ReplierBindEvent [Bind '$.Fred' for 7]>", new Message(ReplierBindEvent.MessageName, data).ToString());
        data[0] = 0;
        Assert.True(ReplierBindEvent.TryRead(message, out ReplierBindEvent unbind));
        Assert.Equal(new ReplierBindEvent(false, 7, "$.Fred"), unbind);
        Assert.Equal("[Unbind '$.Fred' for 7]", unbind.ToString());
    }

    [Fact]
    public void A_malformed_replier_bind_event_is_printed_like_any_message()
    {
        Assert.Equal(
            @"<ReplierBindEvent '$.KBUS.ReplierBindEvent', data='\x01\x00'>",
            new Message(ReplierBindEvent.MessageName, new byte[] { 1, 0 }).ToString());
        Assert.False(ReplierBindEvent.TryRead([1, 0, 0, 0, 7, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], out _));
        Assert.False(ReplierBindEvent.TryRead(new Message("$.X", new byte[16]), out _));
    }

    [Fact]
    public void Ids_are_printed_as_in_the_paper()
    {
        Assert.Equal("[1:2]", new MessageId(1, 2).ToString());
        Assert.Equal("(1,2)", new OrigFrom(1, 2).ToString());
    }

    [Fact]
    public void Any_bytes_can_be_printed()
    {
        var random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            byte[] data = new byte[random.Next(40)];
            random.NextBytes(data);
            string printed = new Message("$.X", data).ToString();
            Assert.DoesNotContain(printed, c => char.IsControl(c) || char.IsSurrogate(c) && !Encoding.UTF8.GetString(data).Contains(c, StringComparison.Ordinal));
        }
    }
}

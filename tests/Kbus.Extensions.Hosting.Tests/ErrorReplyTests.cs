using System.Buffers;
using System.Text;

namespace Kbus.Hosting.Tests;

/// <summary>The convention for error replies (D27), and the serializer.</summary>
public sealed class ErrorReplyTests
{
    [Theory]
    [InlineData("Failed\nThe replier failed.", "Failed", "The replier failed.")]
    [InlineData("NotFound", "NotFound", "")]
    [InlineData("Two.Words\none line\nand another", "Two.Words", "one line\nand another")]
    [InlineData("a text without a code", "Failed", "a text without a code")]
    [InlineData("", "Failed", "")]
    public void An_error_reply_is_read_by_its_flag(string data, string code, string text)
    {
        var reply = new Reply("$.Fred", new MessageId(0, 5), data) { To = 3, Flags = MessageFlags.ErrorReply };
        ErrorReply? error = ErrorReply.Read(reply);
        Assert.Equal((code, text), (error!.Code, error.Text));
        Assert.Null(ErrorReply.Read(new Reply("$.Fred", new MessageId(0, 5), data) { To = 3 }));
        Assert.Null(ErrorReply.Read(new Announcement("$.Fred", data, MessageFlags.ErrorReply)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("ä")]
    [InlineData("line\n")]
    public void A_code_is_a_word(string code) => Assert.Throws<ArgumentException>(() => new ErrorReply(code, ""));

    [Fact]
    public void An_error_reply_goes_to_the_Ksock_that_asked()
    {
        using var kbus = new EmbeddedKbus();
        using Ksock replier = kbus.Open(), asker = kbus.Open();
        replier.Bind("$.Fred", replier: true);
        MessageId id = asker.Send(new Request("$.Fred"));
        replier.Send(new ErrorReply("Busy", "Later.").To(replier.ReadNextMessage()!));
        Message answer = asker.ReadNextMessage()!;
        Assert.Equal((id, "$.Fred", "Busy\nLater."), (answer.InReplyTo, answer.Name, answer.DataAsText));
        Assert.Equal(new ErrorReply("Busy", "Later."), ErrorReply.Read(answer));
    }

    [Fact]
    public void A_type_that_the_context_does_not_know_is_named_with_what_to_do()
    {
        var serializer = new JsonMessageSerializer(TestJson.Default);
        NotSupportedException e = Assert.Throws<NotSupportedException>(() => serializer.Read<Version>("{}"u8));
        Assert.Contains("Add [JsonSerializable(typeof(Version))]", e.Message, StringComparison.Ordinal);
        Assert.Null(serializer.Read<int?>("null"u8));
        Assert.Throws<FormatException>(() => serializer.Read<int>("null"u8));
        Assert.Equal("21.5", Encoding.UTF8.GetString(Written(serializer)).Split(':', '}')[2]);
    }

    private static ReadOnlySpan<byte> Written(JsonMessageSerializer serializer)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Write(output, new Weather("x", 21.5));
        return output.WrittenSpan;
    }
}

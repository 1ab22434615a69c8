using Kbus.Replay;

namespace Kbus.Conformance;

/// <summary>The player itself: it must notice a difference, or the traces would show nothing.</summary>
public sealed class PlayerTests
{
    private const string Meta =
        """{"meta":{"name":"t","kind":"focused","devices":1,"default_max_messages":100,"absolute_max_message_size":409600,"default_max_message_size":409600,"max_set_aside_events":1000,"max_name_length":1000,"header_size":88}}""";

    private const string Bytes = """{"op":"write_raw","h":1,"hex":"4b62","result":{"ok":true,"n":2}}""";
    private const string RefusedBytes = """{"op":"write_raw","h":1,"hex":"ffffff","result":{"ok":false,"errno":"EINVAL"}}""";
    private const string NoBytes = """{"op":"write_raw","h":1,"hex":"","result":{"ok":true,"n":0}}""";
    private const string NoBytesWhileSending = """{"op":"write_raw","h":1,"hex":"","result":{"ok":false,"errno":"EALREADY"}}""";
    private const string Discard = """{"op":"discard","h":1,"result":{"ok":true}}""";
    private const string Send = """{"op":"send","h":1,"result":{"ok":false,"errno":"EINVAL"}}""";

    [Fact]
    public void Every_recorded_trace_can_be_read()
    {
        Assert.Equal(635, RecordedTraces.Names.Count());
    }

    [Fact]
    public void Identical_results_are_no_difference()
    {
        Assert.Null(Play("""{"op":"num_msgs","h":1,"result":{"ok":true,"value":5}}"""));
    }

    [Fact]
    public void A_different_value_is_reported_with_its_place()
    {
        Difference? difference = Play("""{"op":"num_msgs","h":1,"note":"a remark","result":{"ok":true,"value":4}}""");
        Assert.Equal(
            new Difference("t.jsonl", 2, """{"op":"num_msgs","h":1}""", """{"ok":true,"value":4}""", """{"ok":true,"value":5}"""),
            difference);
    }

    [Fact]
    public void A_missing_field_is_a_difference()
    {
        Assert.NotNull(Play("""{"op":"send","h":1,"result":{"ok":false,"errno":"EAGAIN"}}"""));
        Assert.Null(Play("""{"op":"send","h":1,"result":{"ok":false,"errno":"EAGAIN","id":[0,7]}}"""));
    }

    [Fact]
    public void A_message_is_encoded_as_the_format_says()
    {
        // The byte example of the message format: name $.Fred, data abc1234, 108 bytes.
        var message = new TraceMessage(default, default, 0, 0, default, default, 0, 0, "$.Fred"u8.ToArray(), "abc1234"u8.ToArray());
        byte[] bytes = WireForm.Entire(message);
        Assert.Equal(
            "4b62757300000000000000000000000000000000000000000000000000000000" +
            "0000000000000000000000000000000000000000060000000700000000000000" +
            "000000000000000000000000000000007375624b00000000242e467265640000" +
            "61626331323334007375624b",
            Convert.ToHexStringLower(bytes));
        Assert.True(WireForm.TryDecode(bytes, out TraceMessage? back));
        Assert.Equal(message.ToJson().ToJsonString(), back!.ToJson().ToJsonString());
    }

    [Theory]
    [InlineData(4, Bytes, NoBytes)]
    [InlineData(4, NoBytes, Bytes)]
    [InlineData(4, NoBytes, Discard)]
    [InlineData(4, NoBytes, RefusedBytes)]
    [InlineData(5, Bytes, NoBytes, Discard)]
    [InlineData(5, NoBytes, Discard, Bytes)]
    public void A_send_of_a_message_with_bytes_is_not_skipped_because_of_a_write_of_no_bytes(int line, params string[] before)
    {
        Assert.Equal(line, Play(string.Join('\n', [.. before, Send]), canWriteNothing: false)?.Line);
    }

    [Theory]
    [InlineData(NoBytes)]
    [InlineData(NoBytes, NoBytes)]
    [InlineData(NoBytes, NoBytesWhileSending)]
    public void A_message_of_no_bytes_at_all_is_left_out_where_it_cannot_be_written(params string[] before)
    {
        Assert.Null(Play(string.Join('\n', [.. before, Send]), canWriteNothing: false));
        Assert.NotNull(Play(string.Join('\n', [.. before, Send, Send]), canWriteNothing: false));
        Assert.NotNull(Play(string.Join('\n', [.. before, Send]), canWriteNothing: true));
    }

    private static Difference? Play(string lines, bool canWriteNothing = true) =>
        TracePlayer.Play(TraceReader.Parse("t.jsonl", Meta + "\n" + lines + "\n"), new FixedAnswers(canWriteNothing));

    /// <summary>Answers every question in the same way; takes two bytes at a time.</summary>
    private sealed class FixedAnswers(bool canWriteNothing) : ITraceHostFactory, ITraceHost
    {
        public bool CanWriteNothing => canWriteNothing;

        public string Name => "fixed";

        public string Description => "always the same answer";

        public ITraceHost Start(TraceMeta meta) => this;

        public HostResult<uint> NumMsgs(int handle) => 5u;

        public SendResult Send(int handle) => new(Errno.EAGAIN, new MessageId(0, 7));

        public void Dispose()
        {
        }

        public HostResult<uint> Open(int handle, uint bus, string mode) => Errno.ENOSYS;

        public Errno Close(int handle) => Errno.ENOSYS;

        public Errno Bind(int handle, byte[] name, uint replier) => Errno.ENOSYS;

        public Errno Unbind(int handle, byte[] name, uint replier) => Errno.ENOSYS;

        public HostResult<uint> KsockId(int handle) => Errno.ENOSYS;

        public HostResult<FoundReplier> FindReplier(int handle, byte[] name) => Errno.ENOSYS;

        public HostResult<int> Write(int handle, byte[] bytes) => bytes.Length <= 2 ? bytes.Length : Errno.EINVAL;

        public HostResult<int> WritePointy(int handle, TraceMessage message) => Errno.ENOSYS;

        public Errno Discard(int handle) => Errno.None;

        public Errno Reset(int handle) => Errno.ENOSYS;

        public HostResult<NextMessage> NextMsg(int handle) => Errno.ENOSYS;

        public HostResult<byte[]> Read(int handle, int count) => Errno.ENOSYS;

        public HostResult<uint> LenLeft(int handle) => Errno.ENOSYS;

        public HostResult<MessageId> LastSent(int handle) => Errno.ENOSYS;

        public HostResult<uint> UnrepliedTo(int handle) => Errno.ENOSYS;

        public HostResult<uint> MaxMsgs(int handle, uint value) => Errno.ENOSYS;

        public HostResult<uint> OnlyOnce(int handle, uint value) => Errno.ENOSYS;

        public HostResult<uint> ReportBinds(int handle, uint value) => Errno.ENOSYS;

        public HostResult<uint> Verbose(int handle, uint value) => Errno.ENOSYS;

        public HostResult<uint> MaxMsgSize(int handle, uint value) => Errno.ENOSYS;

        public HostResult<uint> NewDevice(int handle) => Errno.ENOSYS;

        public HostResult<Readiness> Poll(int handle) => Errno.ENOSYS;

        public HostResult<IReadOnlyList<BindingLine>> ProcBindings() => Errno.ENOSYS;
    }
}

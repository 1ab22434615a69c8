using Kbus.Replay;

namespace Kbus.Conformance;

/// <summary>The player itself: it must notice a difference, or the traces would show nothing.</summary>
public sealed class PlayerTests
{
    private const string Meta =
        """{"meta":{"name":"t","kind":"focused","devices":1,"default_max_messages":100,"absolute_max_message_size":409600,"default_max_message_size":409600,"max_set_aside_events":1000,"max_name_length":1000,"header_size":88}}""";

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

    private static Difference? Play(string line) =>
        TracePlayer.Play(TraceReader.Parse("t.jsonl", Meta + "\n" + line + "\n"), new FixedAnswers());

    /// <summary>Answers every question in the same way.</summary>
    private sealed class FixedAnswers : ITraceHostFactory, ITraceHost
    {
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

        public HostResult<int> Write(int handle, byte[] bytes) => Errno.ENOSYS;

        public HostResult<int> WritePointy(int handle, TraceMessage message) => Errno.ENOSYS;

        public Errno Discard(int handle) => Errno.ENOSYS;

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

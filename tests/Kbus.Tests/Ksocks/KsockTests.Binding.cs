namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task A_listener_hears_what_matches_its_bindings_once_for_each() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.A.B");
        listener.Bind("$.A.*");
        listener.Bind("$.A.%");
        listener.Bind("$.A.B");
        Ksock sender = Open();
        sender.Send(new Announcement("$.A.B"));
        sender.Send(new Announcement("$.A.B.C"));
        sender.Send(new Announcement("$.A"));
        Assert.Equal(["$.A.B", "$.A.B", "$.A.B", "$.A.B", "$.A.B.C"], listener.ReadAvailable().Select(m => m.Name));
    });

    [Fact]
    public Task An_unbinding_must_match_the_binding_exactly() => Limited.Run(() =>
    {
        Ksock ksock = OpenListener("$.A");
        KbusException refusal = Assert.Throws<KbusException>(() => ksock.Unbind("$.A", replier: true));
        Assert.Equal(Errno.EINVAL, refusal.Errno);
        Assert.StartsWith($"EINVAL: Ksock {ksock.Id} of bus 0 is not bound to $.A as replier. ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, ErrnoOf(() => ksock.Unbind("$.*")));
        ksock.Unbind("$.A");
        Assert.Equal(Errno.EINVAL, ErrnoOf(() => ksock.Unbind("$.A")));
        Open().Send(new Announcement("$.A"));
        Assert.Empty(ksock.ReadAvailable());
    });

    [Fact]
    public Task A_name_has_one_replier_and_a_second_is_told_who_it_is() => Limited.Run(() =>
    {
        Ksock first = OpenReplier("$.A");
        Ksock second = Open();
        KbusException refusal = Assert.Throws<KbusException>(() => second.Bind("$.A", replier: true));
        Assert.Equal(Errno.EADDRINUSE, refusal.Errno);
        Assert.StartsWith($"EADDRINUSE: Ksock {first.Id} is already bound as replier to $.A; ", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<KbusException>(() => first.Bind("$.A", replier: true));
        Assert.StartsWith("EADDRINUSE: Ksock 1 of bus 0 itself is already bound as replier to $.A. ", refusal.Message, StringComparison.Ordinal);
        second.Bind("$.A");
        second.Bind("$.*", replier: true);
    });

    [Fact]
    public Task A_replier_is_found_by_the_very_string_it_bound() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.A.*");
        Ksock asker = Open();
        Assert.Equal(replier.Id, asker.FindReplier("$.A.*"));
        Assert.Null(asker.FindReplier("$.A.B"));
        Assert.Null(asker.FindReplier("not a name"));
        Assert.Equal(Errno.ENAMETOOLONG, ErrnoOf(() => asker.FindReplier("")));
        Assert.Equal(Errno.ENAMETOOLONG, ErrnoOf(() => asker.FindReplier("$." + new string('a', 1000))));
    });

    [Theory]
    [InlineData("")]
    [InlineData("$")]
    [InlineData("$.")]
    [InlineData("Fred")]
    [InlineData("$.Fred.")]
    [InlineData("$.Fred..Jim")]
    [InlineData("$.Fred*")]
    [InlineData("$.*.Fred")]
    [InlineData("$.Fred-Jim")]
    [InlineData("$.Fréd")]
    public Task A_bad_name_cannot_be_bound(string name) => Limited.Run(() =>
    {
        Ksock ksock = Open();
        Assert.Equal(Errno.EBADMSG, ErrnoOf(() => ksock.Bind(name)));
        Assert.Equal(Errno.EBADMSG, ErrnoOf(() => ksock.Unbind(name)));
    });

    [Fact]
    public Task A_name_may_have_1000_bytes_and_no_more() => Limited.Run(() =>
    {
        string longest = "$." + new string('a', 998);
        Ksock ksock = OpenListener(longest);
        ksock.Send(new Announcement(longest));
        Assert.Equal(longest, ksock.ReadNextMessage()!.Name);
        Assert.Equal(Errno.ENAMETOOLONG, ErrnoOf(() => ksock.Bind(longest + "a")));
        KbusException refusal = Assert.Throws<KbusException>(() => ksock.Send(new Announcement(longest + "a")));
        Assert.StartsWith("ENAMETOOLONG: The message name is more than 1000 bytes long. ", refusal.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task Nobody_replies_to_replier_bind_events() => Limited.Run(() =>
    {
        Assert.Equal(Errno.EBADMSG, ErrnoOf(() => OpenReplier("$.KBUS.ReplierBindEvent")));
    });

    [Fact]
    public Task Bind_events_tell_who_binds_and_unbinds_as_replier() => Limited.Run(() =>
    {
        Ksock early = OpenReplier("$.Early");
        Ksock listener = OpenListener(ReplierBindEvent.MessageName);
        Assert.False(listener.ReportReplierBinds());
        Assert.True(listener.ReportsReplierBinds);
        Ksock late = OpenReplier("$.Late.*");
        late.Unbind("$.Late.*", replier: true);
        early.Dispose();
        ReplierBindEvent[] events = [.. listener.ReadAvailable().Select(m => ReplierBindEvent.TryRead(m, out ReplierBindEvent e) ? e : default)];
        Assert.Equal(
            [new(true, early.Id, "$.Early"), new(true, late.Id, "$.Late.*"), new(false, late.Id, "$.Late.*"), new(false, early.Id, "$.Early")],
            events);
    });
}

using System.Text;
using Kbus.Core;

namespace Kbus.Policy.Tests;

/// <summary>The way into the bus: what the policy denies is EPERM and nothing has happened; what it does not decide about passes.</summary>
public sealed class AdmissionTests
{
    private readonly Bus _bus = new(new BusOptions());
    private readonly List<string> _denied = [];

    [Fact]
    public void Without_a_policy_everything_passes()
    {
        Member member = Open(null);
        Assert.Equal(Errno.None, member.Bind("$.*", replier: true));
        Assert.Equal(Errno.None, member.Send("$.A"));
        Assert.Equal(Errno.None, member.Ask(Setting.MaxMessageSize, 1000));
        Assert.Equal(Errno.None, member.Ask(Setting.NetworkId, 3));
        Assert.Equal(Errno.None, member.Admission.MakeBus(member.State));
    }

    [Fact]
    public void What_is_denied_is_EPERM_tells_the_line_and_changes_nothing()
    {
        Member listener = Open(null);
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        Member member = Open("""{ "deny": "everybody", "send": "$.A.*", "listen": "$.L", "reply": "$.R" }""");
        uint serial = _bus.LastSerial;
        Assert.Equal(Errno.EPERM, member.Send("$.A.B", out MessageId id));
        Assert.Equal((2u, 2u), (id.NetworkId, member.Admission.Line));
        Assert.Equal(Errno.EPERM, member.Send("$.Else", out id));
        Assert.Equal((0u, 0u), (id.NetworkId, member.Admission.Line));
        Assert.Equal(Errno.EPERM, member.Bind("$.L"));
        Assert.Equal(Errno.EPERM, member.Bind("$.R", replier: true));
        Assert.Equal((serial, 0, 1), (_bus.LastSerial, listener.State.Queue.Count, _bus.BindingCount));
        Assert.Equal(["Send $.A.B 2", "Send $.Else 0", "Listen $.L 2", "Reply $.R 2"], _denied);
    }

    [Fact]
    public void A_name_that_is_none_is_the_buss_own_error_not_the_policys()
    {
        Member member = Open("""{ "deny": "everybody", "everything": true }""");
        Assert.Equal(Errno.EBADMSG, member.Send("$.A.*"));
        Assert.Equal(Errno.EBADMSG, member.Send("nonsense"));
        Assert.Equal(Errno.EBADMSG, member.Bind("$..A"));
        Assert.Equal(Errno.ENAMETOOLONG, member.Bind("$." + new string('a', 1000)));
        Assert.Empty(_denied);
    }

    [Theory]
    [InlineData(MessageFlags.Urgent)]
    [InlineData(MessageFlags.AllOrFail)]
    [InlineData(MessageFlags.AllOrWait)]
    [InlineData(MessageFlags.WantAReply)]
    [InlineData(MessageFlags.WantAReply | MessageFlags.Urgent)]
    [InlineData(MessageFlags.Synthetic)]
    [InlineData((MessageFlags)0xFFFFFCFF)]
    public void No_flag_and_no_addressee_gets_a_message_past_the_policy(MessageFlags flags)
    {
        Member replier = Open(null);
        Assert.Equal(Errno.None, replier.Bind("$.Secret", replier: true));
        Assert.Equal(Errno.None, replier.Bind("$.*"));
        Member member = Open("""{ "allow": "everybody", "send": "$.Open" }""");
        Assert.Equal(Errno.EPERM, member.Send("$.Secret", flags));
        Assert.Equal(Errno.EPERM, member.Send("$.Secret", flags, to: replier.State.Id));
        Assert.Equal(Errno.EPERM, member.Send("$.Secret", flags | MessageFlags.WantAReply, inReplyTo: new MessageId(0, 1), to: replier.State.Id));
        Assert.Equal(0, replier.State.Queue.Count);
        Assert.Equal(0, _bus.AnswersOwed);
    }

    [Fact]
    public void An_owed_Reply_passes_whatever_the_policy_says_and_one_that_is_not_owed_is_the_buss_own_error()
    {
        Member asker = Open(null), replier = Open("""{ "allow": "everybody", "reply": "$.Ask" }"""), listener = Open(null);
        Assert.Equal(Errno.None, replier.Bind("$.Ask", replier: true));
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        Assert.Equal(Errno.None, asker.Send("$.Ask", out MessageId request, MessageFlags.WantAReply));
        Assert.Equal(1, listener.State.Queue.Count);

        // Who may be bound to the name as replier may let everybody hear the Reply.
        Assert.Equal(Errno.None, replier.Send("$.Ask", inReplyTo: request, to: asker.State.Id));
        Assert.Equal((1, 2), (asker.State.Queue.Count, listener.State.Queue.Count));
        Assert.Equal(Errno.ECONNREFUSED, replier.Send("$.Ask", inReplyTo: request, to: asker.State.Id));
        Assert.Equal(Errno.EADDRNOTAVAIL, replier.Send("$.Ask", inReplyTo: request, to: 99));
    }

    [Theory]
    [InlineData(MessageFlags.None)]
    [InlineData(MessageFlags.Urgent)]
    [InlineData(MessageFlags.AllOrFail)]
    public void A_Reply_of_a_name_that_its_sender_may_not_send_reaches_its_requester_and_no_listener(MessageFlags flags)
    {
        // One member owns both ends, and so could have a Reply of any name owed to it.
        Member asker = Open(null), replier = Open("""{ "allow": "everybody", "reply": "$.Mine", "send": "$.Mine" }"""), listener = Open(null);
        Assert.Equal(Errno.None, replier.Bind("$.Mine", replier: true));
        Assert.Equal(Errno.None, listener.Bind("$.Secret"));
        Assert.Equal(Errno.None, asker.Send("$.Mine", out MessageId request, MessageFlags.WantAReply));
        Assert.Equal(Errno.None, replier.Send("$.Secret", flags, inReplyTo: request, to: asker.State.Id));
        Assert.Equal((1, 0), (asker.State.Queue.Count, listener.State.Queue.Count));
        Assert.Equal(0, _bus.AnswersOwed);
    }

    [Fact]
    public void A_listener_without_room_that_may_not_hear_a_Reply_does_not_hold_it_up()
    {
        Member asker = Open(null), replier = Open("""{ "allow": "everybody", "reply": "$.Mine" }"""), listener = Open(null);
        _ = _bus.MaxMessages(listener.State, 1);
        Assert.Equal(Errno.None, listener.Bind("$.Secret"));
        Assert.Equal(Errno.None, asker.Send("$.Secret"));
        Assert.Equal(Errno.None, replier.Bind("$.Mine", replier: true));
        Assert.Equal(Errno.None, asker.Send("$.Mine", out MessageId request, MessageFlags.WantAReply));
        Assert.Equal(Errno.None, replier.Send("$.Secret", MessageFlags.AllOrFail, inReplyTo: request, to: asker.State.Id));
        Assert.Equal(0ul, listener.State.Missed);
    }

    [Fact]
    public void What_a_Limpet_overheard_needs_permission_as_anything_that_it_sends()
    {
        Member limpet = Open("""{ "allow": "everybody", "limpet": true, "send": "$.Open" }"""), listener = Open(null);
        Assert.Equal(Errno.None, listener.Bind("$.*"));
        Assert.Equal(Errno.None, limpet.Ask(Setting.NetworkId, 7));
        Assert.Equal(Errno.EPERM, limpet.Send("$.Secret", MessageFlags.WantAReply));
        Assert.Equal(Errno.EPERM, limpet.Send("$.Secret", inReplyTo: new MessageId(7, 1)));
        Assert.Equal(Errno.EPERM, limpet.Send("$.Secret"));
        Assert.Equal(0, listener.State.Queue.Count);
        Assert.Equal(Errno.None, limpet.Send("$.Open", inReplyTo: new MessageId(7, 1)));
        Assert.Equal(1, listener.State.Queue.Count);
    }

    [Fact]
    public void Changing_what_is_the_buss_needs_permission_and_asking_does_not()
    {
        Member member = Open("""{ "allow": "everybody", "settings": "VERBOSE" }""");
        Assert.Equal(Errno.None, member.Ask(Setting.Verbose, 1));
        Assert.Equal(Errno.EPERM, member.Ask(Setting.ReportBinds, 1));
        Assert.Equal(Errno.EPERM, member.Ask(Setting.ReportBinds, 0));
        Assert.Equal(Errno.EPERM, member.Ask(Setting.MaxMessageSize, 500));
        Assert.Equal(Errno.EPERM, member.Ask(Setting.NetworkId, 1));
        Assert.Equal(Errno.EPERM, member.Admission.MakeBus(member.State));
        foreach ((Setting setting, uint value) in ((Setting, uint)[])[
            (Setting.ReportBinds, uint.MaxValue), (Setting.MaxMessageSize, 0), (Setting.MaxMessageSize, 1), (Setting.NetworkId, 0),
            (Setting.MaxMessages, 7), (Setting.OnlyOnce, 1), (Setting.NumMessages, 0), (Setting.NetworkIdOf, 1), (Setting.MissedHere, 0)])
        {
            Assert.Equal(Errno.None, member.Ask(setting, value));
        }

        Assert.True(_bus.IsVerbose);
        Assert.False(_bus.ReportsBinds || member.State.IsLimpet);
        Assert.Equal(new BusOptions().DefaultMaxMessageSize, _bus.MaxMessageSize);
    }

    [Fact]
    public void Another_policy_counts_from_the_next_operation_on_also_for_a_name_sent_before()
    {
        Member member = Open("""{ "allow": "everybody", "send": "$.*" }""");
        Assert.Equal(Errno.None, member.Send("$.A"));
        member.Admission.Change(member.State, Permissions("""{ "allow": "everybody", "send": "$.B" }"""));
        Assert.Equal(Errno.EPERM, member.Send("$.A"));
        Assert.Equal(Errno.None, member.Send("$.B"));
        Assert.Equal(Errno.EPERM, member.Send("$.A"));
    }

    [Theory]
    [InlineData(MessageFlags.AllOrWait)]
    [InlineData(MessageFlags.AllOrWait | MessageFlags.Urgent)]
    [InlineData(MessageFlags.AllOrWait | MessageFlags.WantAReply)]
    public void A_message_that_waits_when_the_policy_comes_to_deny_it_reaches_nobody(MessageFlags flags)
    {
        Member full = Open(null), member = Open("""{ "allow": "everybody", "send": "$.*" }""");
        Assert.Equal(1u, _bus.MaxMessages(full.State, 1));
        Assert.Equal((Errno.None, Errno.None), (full.Bind("$.A", replier: true), full.Bind("$.A")));
        Assert.Equal(Errno.None, Open(null).Send("$.A"));
        Assert.Equal(Errno.EAGAIN, member.Send("$.A", flags));
        member.Admission.Change(member.State, Permissions("""{ "deny": "everybody", "send": "$.A" }"""));
        _ = _bus.MaxMessages(full.State, 100);
        Assert.Equal((Errno.EPERM, new MessageId(2, 0), 2u), (member.Admission.Retry(member.State, out MessageId id), id, member.Admission.Line));
        Assert.Equal((1, 0), (full.State.Queue.Count, _bus.AnswersOwed));
        Assert.Null(member.State.Waiting);
    }

    [Fact]
    public void A_Request_that_may_not_be_sent_any_more_and_whose_sender_only_polls_gets_a_Status()
    {
        Member full = Open(null), member = Open("""{ "allow": "everybody", "send": "$.*" }""");
        Assert.Equal(1u, _bus.MaxMessages(full.State, 1));
        Assert.Equal((Errno.None, Errno.None), (full.Bind("$.A", replier: true), full.Bind("$.A")));
        Assert.Equal(Errno.None, Open(null).Send("$.A"));
        Assert.Equal(Errno.EAGAIN, member.Send("$.A", MessageFlags.AllOrWait | MessageFlags.WantAReply));
        member.Admission.Change(member.State, Permissions("""{ "deny": "everybody", "send": "$.A" }"""));
        Assert.Equal((false, true), _bus.Poll(member.State));
        Assert.Equal((true, true), _bus.Poll(member.State));
        Assert.True(_bus.Take(member.State, out DeliveredMessage status));
        Assert.Equal("$.KBUS.ErrorSending", Encoding.ASCII.GetString(status.Message.Name));
        Assert.Equal(1, full.State.Queue.Count);
    }

    [Fact]
    public void A_message_that_waits_and_is_denied_by_one_policy_passes_if_the_next_one_allows_it_again()
    {
        Member full = Open(null), member = Open("""{ "allow": "everybody", "send": "$.*" }""");
        Assert.Equal(1u, _bus.MaxMessages(full.State, 1));
        Assert.Equal(Errno.None, full.Bind("$.A"));
        Assert.Equal(Errno.None, Open(null).Send("$.A"));
        Assert.Equal(Errno.EAGAIN, member.Send("$.A", MessageFlags.AllOrWait));
        member.Admission.Change(member.State, Permissions("""{ "deny": "everybody", "send": "$.A" }"""));
        member.Admission.Change(member.State, Permissions("""{ "allow": "everybody", "send": "$.A" }"""));
        _ = _bus.MaxMessages(full.State, 100);
        Assert.Equal(Errno.None, member.Admission.Retry(member.State, out _));
        Assert.Equal(2, full.State.Queue.Count);
    }

    [Fact]
    public void A_Reply_that_waits_is_owed_whatever_the_policy_comes_to_say()
    {
        Member asker = Open(null), replier = Open("""{ "allow": "everybody", "everything": true }"""), listener = Open(null);
        Assert.Equal((Errno.None, Errno.None), (replier.Bind("$.A", replier: true), listener.Bind("$.A")));
        Assert.Equal(Errno.None, asker.Send("$.A", out MessageId request, MessageFlags.WantAReply));
        Assert.Equal(1u, _bus.MaxMessages(listener.State, 1));
        Assert.Equal(Errno.EAGAIN, replier.Send("$.A", MessageFlags.AllOrWait, request, asker.State.Id));
        replier.Admission.Change(replier.State, Permissions("""{ "deny": "everybody", "everything": true }"""));
        Assert.Equal(Errno.None, replier.Admission.Retry(replier.State, out _));

        // The listener, who has no room for it, is not to have it any more.
        Assert.Equal((1, 1), (asker.State.Queue.Count, listener.State.Queue.Count));
    }

    [Fact]
    public void A_denied_message_goes_back_to_its_pool()
    {
        Member member = Open("""{ "deny": "everybody", "everything": true }""");
        StoredMessage message = member.Compose("$.A", MessageFlags.None, default, 0);
        Assert.Equal(Errno.EPERM, member.Admission.Send(member.State, message, out _));
        Assert.Same(message, _bus.Pool.Rent(message.EntireLength, message.EntireLength));
    }

    private static Permissions Permissions(string rule) => KnownAccounts.Rules(rule).For(new Identity(KnownAccounts.Bob, []), 0);

    private Member Open(string? rule)
    {
        var admission = new Admission(
            _bus, rule is null ? null : Permissions(rule),
            (_, _, action, name, verdict) => _denied.Add($"{action} {Encoding.ASCII.GetString(name)} {verdict.Line}"));
        return new Member(_bus, _bus.Open(canWrite: true, new Deaf()), admission);
    }

    private sealed record Member(Bus Bus, KsockState State, Admission Admission)
    {
        public Errno Bind(string name, bool replier = false) => Admission.Bind(State, Encoding.ASCII.GetBytes(name), replier);

        public Errno Ask(Setting setting, uint value) => Admission.Ask(State, setting, value, out _);

        public Errno Send(string name, MessageFlags flags = MessageFlags.None, MessageId inReplyTo = default, uint to = 0) =>
            Send(name, out _, flags, inReplyTo, to);

        public Errno Send(string name, out MessageId id, MessageFlags flags = MessageFlags.None, MessageId inReplyTo = default, uint to = 0) =>
            Admission.Send(State, Compose(name, flags, inReplyTo, to), out id);

        public StoredMessage Compose(string name, MessageFlags flags, MessageId inReplyTo, uint to) =>
            Bus.Pool.Compose(new MessageHeader { Flags = flags, InReplyTo = inReplyTo, To = to }, Encoding.ASCII.GetBytes(name), default);
    }
}

using System.Text;

namespace Kbus.Core.Tests;

/// <summary>What a Limpet's Ksock is given beyond others. A Debug build checks the bus's books after each operation.</summary>
public sealed class LimpetKsockTests
{
    private const MessageFlags ToAnswer = MessageFlags.WantAReply | MessageFlags.WantYouToReply;
    private static readonly MessageId Far = new(9, 70);
    private readonly Bus _bus = new(new BusOptions { DefaultMaxMessages = 2 });
    private readonly KsockState _limpet;
    private readonly KsockState _fish;
    private readonly KsockState _replier;

    public LimpetKsockTests()
    {
        _limpet = Open();
        _fish = Open();
        _replier = Open();
        Assert.Equal(5u, Ask(_limpet, Setting.NetworkId, 5));
        _bus.Bind(_replier, "$.A"u8, isReplier: true);
    }

    [Fact]
    public void It_is_known_to_be_a_Limpet_s_as_long_as_it_is_open()
    {
        Assert.Equal(5u, Ask(_limpet, Setting.NetworkId, 0));
        Assert.Equal(0u, Ask(_fish, Setting.NetworkId, 0));
        Assert.Equal(5u, Ask(_fish, Setting.NetworkIdOf, _limpet.Id));
        Assert.Equal(0u, Ask(_limpet, Setting.NetworkIdOf, _fish.Id));
        Assert.Equal(0u, Ask(_fish, Setting.NetworkIdOf, 0));
        Assert.Equal(0u, Ask(_fish, Setting.NetworkIdOf, 12345));
        uint id = _limpet.Id;
        _bus.Close(_limpet);
        Assert.Equal(0u, Ask(_fish, Setting.NetworkIdOf, id));
    }

    [Fact]
    public void An_overheard_request_reaches_listeners_as_what_it_is_and_nobody_owes_an_answer()
    {
        _bus.Bind(_fish, "$.*"u8, isReplier: false);
        _bus.Bind(_limpet, "$.*"u8, isReplier: false);
        Assert.Equal(Errno.None, Send(_limpet, "$.A", MessageFlags.WantAReply, Far));
        MessageHeader heard = Take(_fish)!.Value;
        Assert.Equal((Far, _limpet.Id, MessageFlags.WantAReply), (heard.Id, heard.From, heard.Flags));
        Assert.Null(Take(_replier));
        Assert.Null(Take(_limpet));
        Assert.Equal(0, _bus.AnswersOwed);
    }

    [Fact]
    public void An_overheard_reply_reaches_listeners_and_answers_nobody()
    {
        _bus.Bind(_fish, "$.A"u8, isReplier: false);
        Assert.Equal(Errno.None, Send(_fish, "$.A", MessageFlags.WantAReply, default));
        MessageId owed = Take(_fish)!.Value.Id;
        Assert.Equal(Errno.None, Send(_limpet, "$.A", default, Far, inReplyTo: owed));
        MessageHeader heard = Take(_fish)!.Value;
        Assert.Equal((Far, owed, 0u), (heard.Id, heard.InReplyTo, heard.To));
        Assert.Equal(1, _bus.AnswersOwed);
        Assert.NotNull(Take(_replier));
        Assert.Equal(Errno.None, Send(_replier, "$.A", default, default, _fish.Id, owed));
        Assert.Equal(0, _bus.AnswersOwed);
    }

    [Fact]
    public void Only_a_Limpet_may_let_others_overhear()
    {
        _bus.Bind(_fish, "$.*"u8, isReplier: false);
        Assert.Equal(Errno.EADDRNOTAVAIL, Send(_replier, "$.B", MessageFlags.WantAReply, Far));
        Assert.Equal(Errno.EADDRNOTAVAIL, Send(_replier, "$.B", default, Far, inReplyTo: Far));
        Assert.Null(Take(_fish));
    }

    [Fact]
    public void An_urgent_one_comes_first()
    {
        _bus.Bind(_fish, "$.*"u8, isReplier: false);
        Send(_replier, "$.B", default, default);
        Send(_limpet, "$.A", MessageFlags.WantAReply | MessageFlags.Urgent, Far);
        Assert.Equal(Far, Take(_fish)!.Value.Id);
        Assert.NotNull(Take(_fish));
    }

    [Theory]
    [InlineData(MessageFlags.None)]
    [InlineData(MessageFlags.AllOrFail)]
    [InlineData(MessageFlags.AllOrWait)]
    public void Who_has_no_room_misses_it_and_it_is_counted(MessageFlags flags)
    {
        KsockState other = Open();
        _bus.Bind(_fish, "$.*"u8, isReplier: false);
        _bus.Bind(other, "$.A"u8, isReplier: false);
        Send(_replier, "$.B", default, default);
        Send(_replier, "$.B", default, default);
        ulong before = _fish.Missed;
        Assert.Equal(Errno.None, Send(_limpet, "$.A", MessageFlags.WantAReply | flags, Far));
        Assert.Equal(before + 1, _fish.Missed);
        Assert.Equal(Far, Take(other)!.Value.Id);
        Assert.Equal(2u, _bus.NumMessages(_fish));
    }

    /// <summary>A message that comes back by another Limpet, or one of a bus that began anew, is as good as any other to a Limpet.</summary>
    [Theory]
    [InlineData(MessageFlags.None)]
    [InlineData(MessageFlags.Urgent)]
    [InlineData(MessageFlags.AllOrFail)]
    public void To_a_Limpet_only_copies_of_one_delivery_are_the_same_message(MessageFlags flags)
    {
        KsockState other = Open();
        Ask(other, Setting.OnlyOnce, 1);
        _bus.Bind(other, "$.A"u8, isReplier: false);
        Ask(_limpet, Setting.OnlyOnce, 1);
        _bus.Bind(_limpet, "$.A"u8, isReplier: false);
        _bus.Bind(_limpet, "$.*"u8, isReplier: false);
        Send(_fish, "$.A", flags, Far);
        Send(_replier, "$.A", flags, Far);
        Assert.Equal(1u, _bus.NumMessages(other));
        Assert.Equal([_fish.Id, _replier.Id], new[] { Take(_limpet)!.Value.From, Take(_limpet)!.Value.From }.Order());
        Assert.Null(Take(_limpet));
    }

    [Fact]
    public void Each_listens_once_who_wants_messages_once()
    {
        _bus.Bind(_fish, "$.*"u8, isReplier: false);
        _bus.Bind(_fish, "$.A"u8, isReplier: false);
        Ask(_fish, Setting.OnlyOnce, 1);
        Send(_limpet, "$.A", MessageFlags.WantAReply, Far);
        Assert.Equal(1u, _bus.NumMessages(_fish));
    }

    [Fact]
    public void It_never_hears_what_it_sends()
    {
        _bus.Bind(_limpet, "$.*"u8, isReplier: false);
        _bus.Bind(_limpet, "$.A"u8, isReplier: false);
        Send(_limpet, "$.B", default, Far);
        Send(_limpet, "$.A", MessageFlags.Urgent, Far);
        Assert.Equal(Errno.None, Send(_limpet, "$.A", ToAnswer, Far));
        Assert.Null(Take(_limpet));
        Send(_fish, "$.B", default, default);
        Assert.NotNull(Take(_limpet));
    }

    [Fact]
    public void Its_own_full_queue_is_in_nobody_s_way()
    {
        _bus.Bind(_limpet, "$.*"u8, isReplier: false);
        Send(_fish, "$.B", default, default);
        Send(_fish, "$.B", default, default);
        ulong missed = _limpet.Missed;
        Assert.Equal(Errno.None, Send(_limpet, "$.B", MessageFlags.AllOrFail, Far));
        Assert.Equal(Errno.None, Send(_limpet, "$.B", MessageFlags.AllOrWait, Far));
        Assert.Equal(missed, _limpet.Missed);
    }

    [Fact]
    public void It_is_no_replier_to_its_own_requests()
    {
        _bus.Bind(_limpet, "$.Far"u8, isReplier: true);
        Assert.Equal(Errno.EADDRNOTAVAIL, Send(_limpet, "$.Far", ToAnswer, Far));
        Assert.Equal(Errno.None, Send(_fish, "$.Far", MessageFlags.WantAReply, default));
        Assert.Equal(ToAnswer, Take(_limpet)!.Value.Flags);
        Assert.Equal(1, _bus.AnswersOwed);
    }

    [Fact]
    public void A_request_that_it_carries_is_answered_like_any_other_and_keeps_its_id()
    {
        Assert.Equal(Errno.None, Send(_limpet, "$.A", ToAnswer, Far));
        MessageHeader request = Take(_replier)!.Value;
        Assert.Equal((Far, _limpet.Id, ToAnswer), (request.Id, request.From, request.Flags));
        Assert.Equal(Errno.None, Send(_replier, "$.A", default, default, _limpet.Id, Far));
        Assert.Equal(Far, Take(_limpet)!.Value.InReplyTo);
        Assert.Equal(0, _bus.AnswersOwed);
        Assert.Equal(Errno.None, Send(_limpet, "$.A", ToAnswer, Far));
        _bus.Close(_replier);
        Assert.Equal(Far, Take(_limpet)!.Value.InReplyTo);
    }

    [Fact]
    public void The_replier_of_a_name_is_found_by_wildcards_when_asked_so()
    {
        _bus.Bind(_limpet, "$.W.*"u8, isReplier: true);
        Assert.Equal(Errno.None, _bus.FindReplier("$.W.X"u8, isMatching: false, out uint replier));
        Assert.Equal(0u, replier);
        Assert.Equal(Errno.None, _bus.FindReplier("$.W.X"u8, isMatching: true, out replier));
        Assert.Equal(_limpet.Id, replier);
        Assert.Equal(Errno.EBADMSG, _bus.FindReplier("$.W.*"u8, isMatching: true, out _));
        Assert.Equal(Errno.ENAMETOOLONG, _bus.FindReplier(new byte[1001], isMatching: true, out _));
    }

    private KsockState Open() => _bus.Open(canWrite: true, new QuietCarrier());

    private uint Ask(KsockState ksock, Setting setting, uint value)
    {
        Assert.Equal(Errno.None, _bus.Ask(ksock, setting, value, out uint result));
        return result;
    }

    private Errno Send(KsockState sender, string name, MessageFlags flags, MessageId id, uint to = 0, MessageId inReplyTo = default) => _bus.Send(
        sender,
        _bus.Pool.Compose(new MessageHeader { Id = id, Flags = flags, To = to, InReplyTo = inReplyTo }, Encoding.ASCII.GetBytes(name), []),
        out _);

    private MessageHeader? Take(KsockState ksock)
    {
        if (!_bus.Take(ksock, out DeliveredMessage delivered))
        {
            return null;
        }

        MessageHeader header = delivered.Message.Header;
        header.Flags = delivered.Flags;
        delivered.Message.Release();
        return header;
    }
}

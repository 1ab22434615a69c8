using System.Globalization;
using System.Text;

namespace Kbus.Core.Tests;

/// <summary>What a member may hold on a bus, and that what it held is there for others when it has gone.</summary>
public sealed class QuotaTests
{
    private readonly Bus _bus = new(new BusOptions
    {
        DefaultMaxMessages = 1_000_000,
        MaxBindings = 1000,
        MaxNameBytes = 40_000,
        MaxRepeats = 20,
        MaxRequests = 800,
        MaxMessageBytes = 40_000_000,
    });

    [Fact]
    public void What_is_charged_for_a_waiting_message_is_no_obstacle_to_it_where_sender_and_recipient_are_one_process()
    {
        var bus = new Bus(new BusOptions { MaxMessageBytes = 9000, DefaultMaxMessages = 1 });
        var owner = new KsockOwner(0, 1, KsockMode.ReadWrite, 1);
        KsockState sender = bus.Open(canWrite: true, new QuietCarrier(owner)), listener = bus.Open(canWrite: true, new QuietCarrier(owner));
        Assert.Equal(Errno.None, bus.Bind(listener, "$.A"u8, isReplier: false));
        Assert.Equal(Errno.None, bus.Send(sender, bus.Pool.Compose(default, "$.A"u8, default), out _));
        StoredMessage big = bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.AllOrWait }, "$.A"u8, new byte[7000]);
        Assert.Equal(Errno.EAGAIN, bus.Send(sender, big, out _));
        Assert.True(bus.Take(listener, out DeliveredMessage first));
        first.Message.Release();
        Assert.Equal(Errno.None, bus.Retry(sender, out _));
        Assert.True(bus.Take(listener, out DeliveredMessage second));
        second.Message.Release();
        Assert.Equal(0, listener.Charges.Used(ChargeKind.MessageBytes));
    }

    [Fact]
    public void A_process_binds_no_more_than_its_share_with_all_its_Ksocks_and_another_can_still_bind()
    {
        KsockState[] hostile = [Open(1, 1), Open(1, 1)];
        int bound = 0;
        Errno error;
        while ((error = Bind(hostile[bound % 2], $"$.A{bound}")) == Errno.None)
        {
            bound++;
        }

        Assert.Equal((Errno.EDQUOT, 250), (error, bound));
        Assert.Equal(new QuotaRefusal(ChargeKind.Bindings, ChargeLevel.Process, 250), hostile[bound % 2].Refusal);
        Assert.Equal(Errno.None, Bind(Open(1, 2), "$.B"));
        Assert.Equal(Errno.None, Bind(Open(2, 3), "$.B"));

        // What the others hold makes the share a little smaller.
        Assert.Equal(Errno.EDQUOT, Bind(hostile[1], "$.C"));
        Assert.Equal(Errno.None, Unbind(hostile[0], "$.A0"));
        Assert.Equal(Errno.None, Unbind(hostile[0], "$.A2"));
        Assert.Equal(Errno.None, Unbind(hostile[0], "$.A4"));
        Assert.Equal(Errno.None, Bind(hostile[1], "$.C"));
        _bus.Close(hostile[0]);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(Errno.None, Bind(hostile[1], $"$.D{i}"));
        }
    }

    [Fact]
    public void Long_names_and_the_same_name_again_and_again_have_limits_of_their_own()
    {
        KsockState ksock = Open(1, 1);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Errno.None, Bind(ksock, "$.A"));
        }

        Assert.Equal(Errno.EDQUOT, Bind(ksock, "$.A"));
        Assert.Equal(new QuotaRefusal(ChargeKind.Bindings, ChargeLevel.Ksock, 20), ksock.Refusal);
        Assert.Equal(Errno.None, Unbind(ksock, "$.A"));
        Assert.Equal(Errno.None, Bind(ksock, "$.A"));

        // Names have a floor of 64 KiB, which is more than the limit here: all that there is.
        string longName = "$." + new string('x', 900);
        int bound = 0;
        while (Bind(ksock, string.Create(CultureInfo.InvariantCulture, $"{longName}{bound:d4}")) == Errno.None)
        {
            bound++;
        }

        Assert.InRange(bound, 40, 44);
        Assert.Equal(ChargeKind.NameBytes, ksock.Refusal.Kind);
    }

    [Fact]
    public void A_process_has_no_more_Requests_out_than_its_share_until_they_are_answered()
    {
        KsockState asker = Open(1, 1);
        KsockState replier = Open(1, 2);
        Assert.Equal(Errno.None, Bind(replier, "$.R", isReplier: true));
        var asked = new List<MessageId>();
        Errno error;
        while ((error = Send(asker, "$.R", MessageFlags.WantAReply, out MessageId id)) == Errno.None)
        {
            asked.Add(id);
        }

        Assert.Equal((Errno.EDQUOT, 200), (error, asked.Count));
        Assert.Equal(new QuotaRefusal(ChargeKind.Requests, ChargeLevel.Process, 200), asker.Refusal);
        Assert.Equal(Errno.None, Send(asker, "$.Other", MessageFlags.None, out _));
        Assert.Equal(Errno.None, Send(Open(1, 3), "$.R", MessageFlags.WantAReply, out _));
        for (int i = 0; i < 3; i++)
        {
            Assert.True(_bus.Take(replier, out DeliveredMessage request));
            request.Message.Release();
            var reply = new MessageHeader { InReplyTo = asked[i], To = asker.Id };
            Assert.Equal(Errno.None, _bus.Send(replier, _bus.Pool.Compose(reply, "$.R"u8, default), out _));
        }

        Assert.Equal(Errno.None, Send(asker, "$.R", MessageFlags.WantAReply, out _));
        _bus.Close(replier);
        Assert.Equal(0, _bus.Charges.HeldOf(ChargeKind.Requests));
    }

    [Fact]
    public void Bytes_that_wait_are_charged_on_who_is_to_read_them_and_its_queue_counts_as_full()
    {
        KsockState lazy = Open(1, 1);
        KsockState lazyToo = Open(1, 1);
        KsockState diligent = Open(1, 2);
        KsockState sender = Open(2, 3);
        foreach (KsockState listener in (KsockState[])[lazy, lazyToo, diligent])
        {
            Assert.Equal(Errno.None, Bind(listener, "$.M"));
        }

        while (lazyToo.Missed == 0 || lazy.Missed == 0)
        {
            Assert.Equal(Errno.None, Send(sender, "$.M", MessageFlags.None, out _, 100_000));
            Assert.True(_bus.Take(diligent, out DeliveredMessage message));
            message.Message.Release();
        }

        Assert.Equal(0ul, diligent.Missed);
        Assert.InRange(lazy.Charges.Used(ChargeKind.MessageBytes), 9_800_000, 10_000_000);

        // A single queue cannot say when the process has room again: so nobody waits for it.
        // What the diligent one holds for a moment counts for the others, too: so this message is bigger.
        Assert.Equal(Errno.EBUSY, Send(sender, "$.M", MessageFlags.AllOrWait, out _, 200_000));
        Assert.Equal(Errno.EBUSY, Send(sender, "$.M", MessageFlags.AllOrFail, out _, 200_000));
        while (_bus.Take(lazyToo, out DeliveredMessage message))
        {
            message.Message.Release();
        }

        Assert.Equal(Errno.None, Send(sender, "$.M", MessageFlags.AllOrFail, out _, 100_000));
    }

    [Theory]
    [InlineData(MessageFlags.AllOrWait)]
    [InlineData(MessageFlags.AllOrWait | MessageFlags.WantAReply)]
    public void Room_that_is_found_while_the_reason_for_a_refusal_is_sought_is_used(MessageFlags flags)
    {
        var bus = new Bus(new BusOptions { MaxMessageBytes = 20_000 });
        var carrier = new SelfTakingCarrier();
        KsockState recipient = bus.Open(canWrite: true, carrier);
        carrier.Attach(bus, recipient);
        KsockState sender = bus.Open(canWrite: true, new QuietCarrier(new KsockOwner(0, 2, KsockMode.ReadWrite, 2)));
        Assert.Equal(Errno.None, bus.Bind(recipient, "$.M"u8, isReplier: (flags & MessageFlags.WantAReply) != 0));
        bus.MaxMessages(recipient, 1);
        StoredMessage Message(int bytes) => bus.Pool.Compose(new MessageHeader { Flags = flags }, "$.M"u8, new byte[bytes]);
        Assert.Equal(Errno.None, bus.Send(sender, Message(12_000), out _));
        carrier.TakeWhenObserved();
        Assert.Equal(Errno.None, bus.Send(sender, Message(12_000), out _));
        Assert.Equal(1, recipient.Queue.Count);
    }

    [Fact]
    public void Who_is_asked_for_room_and_then_sent_nothing_is_charged_nothing()
    {
        KsockState asked = Open(1, 1);
        KsockState full = Open(1, 2);
        KsockState sender = Open(2, 3);
        foreach (KsockState listener in (KsockState[])[full, asked])
        {
            Assert.Equal(Errno.None, Bind(listener, "$.M"));
        }

        _bus.MaxMessages(full, 1);
        Assert.Equal(Errno.None, Send(sender, "$.M", MessageFlags.None, out _));
        long before = _bus.Charges.HeldOf(ChargeKind.MessageBytes);
        Assert.Equal(Errno.EBUSY, Send(sender, "$.M", MessageFlags.AllOrFail, out _, 5_000_000));
        Assert.Equal(before, _bus.Charges.HeldOf(ChargeKind.MessageBytes));
    }

    [Fact]
    public void A_sender_that_waits_for_a_queue_is_woken_when_it_has_room_though_its_process_is_short_of_bytes()
    {
        var bus = new Bus(new BusOptions { MaxMessageBytes = 20_000 });
        KsockState listener = bus.Open(canWrite: true, new QuietCarrier(new KsockOwner(0, 1, KsockMode.ReadWrite, 1)));
        var carrier = new QuietCarrier(new KsockOwner(0, 2, KsockMode.ReadWrite, 2));
        KsockState sender = bus.Open(canWrite: true, carrier);
        Assert.Equal(Errno.None, bus.Bind(listener, "$.M"u8, isReplier: false));
        bus.MaxMessages(listener, 1);
        StoredMessage Message(int bytes) => bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.AllOrWait }, "$.M"u8, new byte[bytes]);
        Assert.Equal(Errno.None, bus.Send(sender, Message(0), out _));
        Assert.Equal(Errno.EAGAIN, bus.Send(sender, Message(5000), out _));
        Assert.True(bus.TryReserve(listener, 10_000));
        int before = carrier.Retries;
        Assert.True(bus.Take(listener, out DeliveredMessage taken));
        taken.Message.Release();
        Assert.Equal(before + 1, carrier.Retries);

        // What is charged for it while it waits is there for its copy.
        Assert.Equal(Errno.None, bus.Retry(sender, out _));
        Assert.Equal((null, 1), (sender.Waiting, listener.Queue.Count));
    }

    [Fact]
    public void Where_little_is_there_for_all_what_was_taken_is_there_for_others_again()
    {
        const int most = 200_000;
        var bus = new Bus(new BusOptions { MaxMessageBytes = most });
        KsockState listener = bus.Open(canWrite: true, new QuietCarrier(new KsockOwner(0, 1, KsockMode.ReadWrite, 1)));
        KsockState sender = bus.Open(canWrite: true, new QuietCarrier(new KsockOwner(0, 2, KsockMode.ReadWrite, 2)));
        Assert.Equal(Errno.None, bus.Bind(listener, "$.M"u8, isReplier: false));
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Errno.None, bus.Send(sender, bus.Pool.Compose(default, "$.M"u8, new byte[1000]), out _));
        }

        Assert.InRange(bus.Charges.HeldOf(ChargeKind.MessageBytes), 20_000, most);
        while (bus.Take(listener, out DeliveredMessage message))
        {
            message.Message.Release();
        }

        Assert.InRange(bus.Charges.HeldOf(ChargeKind.MessageBytes), 0, 2 * ChargeBook.AdvanceOf(most));
    }

    [Fact]
    public void A_message_under_construction_is_charged_and_given_back_when_it_is_sent_or_given_up()
    {
        KsockState ksock = Open(1, 1);
        Assert.True(_bus.TryReserve(ksock, 6_000_000));
        Assert.False(_bus.TryReserve(ksock, 6_000_000));
        Assert.Equal(new QuotaRefusal(ChargeKind.MessageBytes, ChargeLevel.Process, 10_000_000), ksock.Refusal);
        _bus.ReturnReserved(ksock);
        Assert.Equal(0, ksock.Charges.Used(ChargeKind.MessageBytes));
        Assert.True(_bus.TryReserve(ksock, 6_000_000));
        _bus.Close(ksock);
        Assert.Equal(0, _bus.Charges.HeldOf(ChargeKind.MessageBytes));
    }

    [Fact]
    public void A_message_that_is_being_read_is_charged_until_its_last_byte_was_read_or_it_was_dropped()
    {
        KsockState sender = Open(2, 3);
        var file = new KsockFile(_bus, KsockMode.ReadWrite, new QuietCarrier(new KsockOwner(0, 1, KsockMode.ReadWrite, 1)), new NoMemory());
        Assert.Equal(Errno.None, Bind(file.State, "$.M"));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Errno.None, Send(sender, "$.M", MessageFlags.None, out _, 1000));
        }

        long queued = file.State.Charges.Used(ChargeKind.MessageBytes) / 4;
        uint length = file.NextMessage();
        Assert.Equal((3 * queued) + length, file.State.Charges.Used(ChargeKind.MessageBytes));
        Assert.Equal(length, file.State.HeldBytes);
        Span<byte> bytes = new byte[length];
        Assert.Equal(Errno.None, file.Read(bytes[1..], out _));
        Assert.Equal((3 * queued) + length, file.State.Charges.Used(ChargeKind.MessageBytes));
        Assert.Equal(Errno.None, file.Read(bytes, out _));
        Assert.Equal(3 * queued, file.State.Charges.Used(ChargeKind.MessageBytes));
        _ = file.NextMessage();
        _ = file.NextMessage();
        Assert.Equal(queued + length, file.State.Charges.Used(ChargeKind.MessageBytes));
        _ = file.NextMessage();
        file.Close();
        Assert.Equal(0, _bus.Charges.HeldOf(ChargeKind.MessageBytes));
    }

    [Fact]
    public void One_message_always_fits_a_process_that_holds_none()
    {
        KsockState listener = Open(1, 1);
        Assert.Equal(Errno.None, Bind(listener, "$.M"));
        Assert.Equal(Errno.None, Send(Open(1, 2), "$.M", MessageFlags.AllOrFail, out _, 15_000_000));
        Assert.Equal(Errno.EBUSY, Send(Open(1, 3), "$.M", MessageFlags.AllOrFail, out _, 1));
    }

    [Fact]
    public void Whatever_members_did_nothing_is_charged_on_anybody_when_all_have_gone()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            List<KsockState> open = [];
            for (int i = 0; i < 400; i++)
            {
                if (open.Count == 0 || random.Next(15) == 0)
                {
                    open.Add(Open((uint)random.Next(3), (ulong)random.Next(4)));
                }

                KsockState who = open[random.Next(open.Count)];
                Do(random, who);
                if (random.Next(25) == 0)
                {
                    _bus.Close(who);
                    open.Remove(who);
                }
            }

            open.ForEach(_bus.Close);
            foreach (ChargeKind kind in Enum.GetValues<ChargeKind>())
            {
                Assert.True(_bus.Charges.HeldOf(kind) == 0, $"{kind} with seed {seed}");
            }

            Assert.True(_bus.Charges.Users.Count == 0 && _bus.Pool.Lent == 0, $"seed {seed}");
        }
    }

    private void Do(Random random, KsockState who)
    {
        string name = $"$.N{random.Next(4)}";
        MessageFlags[] kinds =
        [
            MessageFlags.None, MessageFlags.WantAReply, MessageFlags.Urgent, MessageFlags.AllOrWait, MessageFlags.AllOrFail,
            MessageFlags.WantAReply | MessageFlags.Urgent, MessageFlags.WantAReply | MessageFlags.AllOrWait,
        ];
        switch (random.Next(9))
        {
            case 0: _ = Bind(who, name, random.Next(2) == 0); break;
            case 1: _ = Unbind(who, name); break;
            case 2: _bus.MaxMessages(who, (uint)random.Next(1, 4)); break;
            case 3: _ = _bus.Poll(who); break;
            case 4: _bus.Discard(who); break;
            case 5: _ = _bus.ReportReplierBinds(who, (uint)random.Next(2), out _); break;
            case 6 when _bus.Take(who, out DeliveredMessage taken):
                ref MessageHeader header = ref taken.Message.Header;
                if (taken.Flags.HasFlag(MessageFlags.WantYouToReply) && random.Next(2) == 0)
                {
                    var reply = new MessageHeader { InReplyTo = header.Id, To = header.From };
                    _ = _bus.Send(who, _bus.Pool.Compose(reply, taken.Message.Name, default), out _);
                }

                taken.Message.Release();
                break;
            default: _ = Send(who, name, kinds[random.Next(kinds.Length)], out _, random.Next(1000)); break;
        }
    }

    private KsockState Open(uint user, ulong process) => _bus.Open(canWrite: true, new QuietCarrier(new KsockOwner(0, user, KsockMode.ReadWrite, process)));

    private Errno Bind(KsockState ksock, string name, bool isReplier = false) => _bus.Bind(ksock, Encoding.ASCII.GetBytes(name), isReplier);

    private Errno Unbind(KsockState ksock, string name) => _bus.Unbind(ksock, Encoding.ASCII.GetBytes(name), isReplier: false);

    private Errno Send(KsockState sender, string name, MessageFlags flags, out MessageId id, int bytes = 0) =>
        _bus.Send(sender, _bus.Pool.Compose(new MessageHeader { Flags = flags }, Encoding.ASCII.GetBytes(name), new byte[bytes]), out id);

    private sealed class NoMemory : CallerMemory
    {
        public override bool TryRead(ulong address, Span<byte> target) => false;
    }
}

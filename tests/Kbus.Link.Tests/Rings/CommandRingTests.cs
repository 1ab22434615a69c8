namespace Kbus.Link.Tests;

public sealed unsafe class CommandRingTests
{
    [Fact]
    public void A_command_arrives_as_it_was_committed()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Assert.Equal(CommandLook.Empty, consumer.TryRead(out _, out _));
        Assert.True(producer.TryBegin(5, out Span<byte> body));
        "hello"u8.CopyTo(body);
        Assert.False(consumer.HasCommands);
        producer.Commit(0xABCD, 0x1234, ulong.MaxValue - 1);
        Assert.True(consumer.HasCommands);

        Assert.Equal(CommandLook.Command, consumer.TryRead(out CommandRecord header, out ReadOnlySpan<byte> read));
        Assert.Equal(new CommandRecord(21, 0xABCD, 0x1234, ulong.MaxValue - 1), header);
        Assert.True(read.SequenceEqual("hello"u8));
        consumer.Advance();
        Assert.False(consumer.HasCommands);
        Assert.Equal(CommandLook.Empty, consumer.TryRead(out _, out _));
    }

    [Fact]
    public void A_command_that_was_read_stays_in_front_until_the_bus_advances()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Send(producer, 1, 8);
        Send(producer, 2, 8);
        Assert.Equal(CommandLook.Command, consumer.TryRead(out CommandRecord header, out _));
        Assert.Equal(CommandLook.Command, consumer.TryRead(out header, out _));
        Assert.Equal(1ul, header.Sequence);
        consumer.Advance();
        Assert.Throws<InvalidOperationException>(consumer.Advance);
        Assert.Equal(CommandLook.Command, consumer.TryRead(out header, out _));
        Assert.Equal(2ul, header.Sequence);
    }

    [Fact]
    public void A_command_that_was_begun_and_not_committed_is_overwritten_by_the_next()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Assert.Throws<InvalidOperationException>(() => producer.Commit(1, 0, 1));
        Assert.True(producer.TryBegin(100, out _));
        Send(producer, 9, 16);
        Assert.Equal(CommandLook.Command, consumer.TryRead(out CommandRecord header, out ReadOnlySpan<byte> body));
        Assert.Equal(9ul, Pattern.Number(body));
        Assert.Equal(32u, header.Length);
        consumer.Advance();
        Assert.False(consumer.HasCommands);
    }

    [Fact]
    public void A_command_that_the_bus_has_not_claimed_is_withdrawn_and_those_around_it_are_not()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Send(producer, 1, 8);
        ulong place = producer.Place;
        Send(producer, 2, 8);
        Send(producer, 3, 8);
        Assert.True(producer.TryWithdraw(place));

        ushort[] opcodes = new ushort[3];
        for (int i = 0; i < opcodes.Length; i++)
        {
            Assert.Equal(CommandLook.Command, consumer.TryRead(out CommandRecord header, out ReadOnlySpan<byte> body));
            Assert.Equal((ulong)i + 1, header.Sequence);
            Assert.Equal((ulong)i + 1, Pattern.Number(body));
            opcodes[i] = header.Opcode;
            consumer.Advance();
        }

        Assert.Equal((ushort)CommandCode.Withdrawn, opcodes[1]);
        Assert.NotEqual((ushort)CommandCode.Withdrawn, opcodes[0]);
        Assert.NotEqual((ushort)CommandCode.Withdrawn, opcodes[2]);
    }

    [Fact]
    public void A_command_that_the_bus_has_claimed_is_not_said_to_be_withdrawn()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Send(producer, 1, 8);
        ulong place = producer.Place;
        Send(producer, 2, 8);

        // The first look claims both, whether or not the second has been read.
        Assert.Equal(CommandLook.Command, consumer.TryRead(out CommandRecord header, out _));
        Assert.Equal(1ul, header.Sequence);
        Assert.False(producer.TryWithdraw(place));
        consumer.Advance();
        Assert.Equal(CommandLook.Command, consumer.TryRead(out header, out _));
        Assert.Equal(2ul, header.Sequence);
        Assert.NotEqual((ushort)CommandCode.Withdrawn, header.Opcode);
    }

    [Fact]
    public void A_command_that_was_withdrawn_is_never_carried_out_however_the_two_sides_race()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        const ulong rounds = 200_000;
        bool[] isCarriedOut = new bool[rounds + 1];
        bool[] isWithdrawn = new bool[rounds + 1];
        var bus = new Thread(() =>
        {
            for (ulong read = 0; read < rounds;)
            {
                if (consumer.TryRead(out CommandRecord header, out _) == CommandLook.Command)
                {
                    isCarriedOut[header.Sequence] = header.Opcode != (ushort)CommandCode.Withdrawn;
                    consumer.Advance();
                    read++;
                }
            }
        });
        bus.Start();
        for (ulong sequence = 1; sequence <= rounds; sequence++)
        {
            ulong place = producer.Place;
            while (!producer.TryBegin(8, out _))
            {
                Thread.Yield();
            }

            producer.Commit((ushort)CommandCode.Send, 0, sequence);
            isWithdrawn[sequence] = producer.TryWithdraw(place);
        }

        Assert.True(bus.Join(TimeSpan.FromSeconds(300)));
        Assert.DoesNotContain(Enumerable.Range(1, (int)rounds), i => isWithdrawn[i] && isCarriedOut[i]);
    }

    [Fact]
    public void A_full_ring_refuses_and_takes_again_when_it_has_been_read()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        Assert.Equal(4096 - 16, producer.MaxBodyLength);
        for (ulong round = 0; round < 50; round++)
        {
            Send(producer, round, producer.MaxBodyLength);
            Assert.False(producer.TryBegin(0, out _));
            Assert.Equal(CommandLook.Command, consumer.TryRead(out _, out ReadOnlySpan<byte> body));
            Assert.Equal(round, Pattern.Number(body));
            consumer.Advance();
            Send(producer, round, 8);
            Assert.Equal(CommandLook.Command, consumer.TryRead(out _, out _));
            consumer.Advance();
        }

        Assert.False(producer.TryBegin(producer.MaxBodyLength + 1, out _));
        Assert.False(producer.TryBegin(int.MaxValue, out _));
        Assert.False(producer.TryBegin(-1, out _));
        Assert.Equal(LinkFault.None, producer.Fault);
    }

    [Fact]
    public void Room_is_given_back_a_quarter_at_a_time_or_when_all_is_read()
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        var consumer = new CommandConsumer(link.Bus);
        for (ulong i = 0; i < 64; i++)
        {
            Send(producer, i, 48);
        }

        for (int i = 1; i <= 64; i++)
        {
            Assert.Equal(CommandLook.Command, consumer.TryRead(out _, out _));
            consumer.Advance();
            Assert.Equal((ulong)(i / 16 * 1024), Volatile.Read(ref link.Client.Header.CommandHead));
        }

        Send(producer, 1, 8);
        Assert.Equal(CommandLook.Command, consumer.TryRead(out _, out _));
        consumer.Advance();
        Assert.Equal(4096ul + 24, Volatile.Read(ref link.Client.Header.CommandHead));
    }

    [Theory]
    [InlineData(4104ul)]
    [InlineData(12ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    public void An_impossible_tail_is_a_fault(ulong tail)
    {
        using var link = new LinkPair();
        var consumer = new CommandConsumer(link.Bus);
        link.Client.Header.CommandTail = tail;
        Assert.Equal(CommandLook.Malformed, consumer.TryRead(out _, out _));
        Assert.Equal(LinkFault.CommandTailImpossible, consumer.Fault);

        // For good, whatever the client writes then.
        link.Client.Header.CommandTail = 0;
        Assert.Equal(CommandLook.Malformed, consumer.TryRead(out _, out _));
    }

    [Theory]
    [InlineData(0u, LinkFault.CommandTooShort)]
    [InlineData(15u, LinkFault.CommandTooShort)]
    [InlineData(33u, LinkFault.CommandTooLong)]
    [InlineData(4096u, LinkFault.CommandTooLong)]
    [InlineData(0x80000000u, LinkFault.CommandTooLong)]
    [InlineData(0xFFFFFFFFu, LinkFault.CommandTooLong)]
    [InlineData(0xFFFFFFF9u, LinkFault.CommandTooLong)]
    internal void An_impossible_length_is_a_fault(uint length, LinkFault fault)
    {
        using var link = new LinkPair();
        var consumer = new CommandConsumer(link.Bus);
        *(uint*)link.Client.Commands = length;
        link.Client.Header.CommandTail = 32;
        Assert.Equal(CommandLook.Malformed, consumer.TryRead(out _, out _));
        Assert.Equal(fault, consumer.Fault);
        Assert.NotEmpty(fault.Describe());
    }

    [Theory]
    [InlineData(64ul)]
    [InlineData(3ul)]
    [InlineData(ulong.MaxValue - 7)]
    public void An_impossible_head_is_a_fault_of_the_bus(ulong head)
    {
        using var link = new LinkPair();
        var producer = new CommandProducer(link.Client);
        Send(producer, 1, 16);
        link.Bus.Header.CommandHead = head;
        Assert.False(producer.TryBegin(producer.MaxBodyLength, out _));
        Assert.Equal(LinkFault.CommandHeadImpossible, producer.Fault);
    }

    internal static void Send(CommandProducer producer, ulong number, int length)
    {
        Assert.True(producer.TryBegin(length, out Span<byte> body));
        Pattern.Fill(body, number);
        producer.Commit(1, 0, number);
    }
}

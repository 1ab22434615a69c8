using System.Buffers.Binary;
using Kbus.Linux;

namespace Kbus.Link.Tests;

public sealed class HandshakeTests : IDisposable
{
    private static readonly ClientHello Hello = new(KsockMode.ReadWrite, 4711, 4, 256, 8192, 65536);
    private static readonly BusLimits Limits = new(100, 409600, 64 << 20);

    private readonly Descriptor _client;
    private readonly Descriptor _bus;

    public HandshakeTests()
    {
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int client, out int bus));
        _client = new Descriptor(client);
        _bus = new Descriptor(bus);
    }

    private static Deadline Soon => Deadline.After(TimeSpan.FromSeconds(120));

    private static Deadline AtOnce => Deadline.After(TimeSpan.FromMilliseconds(10));

    public void Dispose()
    {
        _client.Dispose();
        _bus.Dispose();
    }

    [Fact]
    public void A_link_is_agreed_on_and_its_memory_passed()
    {
        Assert.Equal(HandshakeFault.None, HandshakeExchange.SendHello(_client, Hello, Soon));
        Assert.Equal(HandshakeFault.None, HandshakeExchange.ReceiveHello(_bus, Soon, out ClientHello hello));
        Assert.Equal(Hello, hello);

        LinkLayout layout = LinkLayout.TryCreate(256, 8192, 65536)!;
        Check.Ok(SharedMemory.Create(layout, 12, 3, out SharedMemory? busMemory, out Descriptor? file));
        using (busMemory)
        using (var bell = new Descriptor(Check.Ok(LibC.CreateEvent())))
        {
            var sent = BusWelcome.Link(12, 3, layout, Limits, 9);
            Assert.Equal(HandshakeFault.None, HandshakeExchange.SendWelcome(_bus, sent, file, bell, Soon));
            file!.Dispose();
            Check.Ok(LibC.Send(_bus.Number, [1], 0));
            Assert.Equal(
                HandshakeFault.None,
                HandshakeExchange.ReceiveWelcome(_client, Soon, out BusWelcome? welcome, out Descriptor? passed, out Descriptor? rung));
            Assert.Equal(sent, welcome);
            Check.Ok(SharedMemory.Map(passed!, welcome!.Layout!, out SharedMemory? clientMemory));
            passed!.Dispose();
            using (clientMemory)
            {
                new CommandProducer(clientMemory!).TryBegin(0, out _);
                Assert.Equal(12u, clientMemory!.Header.Constants.KsockId);
                Assert.Equal(3u, clientMemory.Header.Constants.Device);
            }

            Check.Ok(LibC.SignalEvent(rung!.Number));
            rung.Dispose();
            Assert.Equal(LibC.PollIn, LibC.Poll(bell.Number, LibC.PollIn, 0));

            // The byte after the welcome is a ring and was not swallowed.
            Assert.Equal(1, LibC.Receive(_client.Number, new byte[8], LibC.MessageDontWait));
        }
    }

    [Fact]
    public void A_refusal_says_why()
    {
        string reason = "EMFILE: this bus holds all the Ksocks it may. " + new string('ä', 600);
        var sent = BusWelcome.Refusal((int)Errno.EMFILE, reason);
        Assert.Equal(HandshakeFault.None, HandshakeExchange.SendWelcome(_bus, sent, null, null, Soon));
        Assert.Equal(
            HandshakeFault.None,
            HandshakeExchange.ReceiveWelcome(_client, Soon, out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell));
        Assert.Equal((int)Errno.EMFILE, welcome!.Error);
        Assert.Equal(sent.Reason, welcome.Reason);
        Assert.StartsWith("EMFILE: this bus holds all the Ksocks it may.", welcome.Reason, StringComparison.Ordinal);
        Assert.Null(welcome.Layout);
        Assert.Null(memory);
        Assert.Null(bell);
    }

    [Fact]
    public void A_silent_peer_holds_nobody()
    {
        Assert.Equal(HandshakeFault.TimedOut, HandshakeExchange.ReceiveHello(_bus, AtOnce, out _));
        Assert.Equal(HandshakeFault.TimedOut, HandshakeExchange.ReceiveWelcome(_client, AtOnce, out _, out _, out _));
    }

    [Fact]
    public void A_peer_that_sends_half_a_record_holds_nobody()
    {
        byte[] record = new byte[ClientHello.Size];
        Hello.Encode(record);
        Check.Ok(LibC.Send(_client.Number, record.AsSpan(0, 40), 0));
        Assert.Equal(HandshakeFault.TimedOut, HandshakeExchange.ReceiveHello(_bus, AtOnce, out _));
        byte[] welcome = BusWelcome.Refusal(1, "no").Encode();
        Check.Ok(LibC.Send(_bus.Number, welcome.AsSpan(0, welcome.Length - 1), 0));
        Assert.Equal(HandshakeFault.TimedOut, HandshakeExchange.ReceiveWelcome(_client, AtOnce, out _, out _, out _));
    }

    [Fact]
    public void A_peer_that_does_not_read_holds_nobody()
    {
        byte[] filling = new byte[4096];
        while (LibC.Send(_bus.Number, filling, LibC.MessageDontWait) > 0)
        {
        }

        Assert.Equal(HandshakeFault.TimedOut, HandshakeExchange.SendWelcome(_bus, BusWelcome.Refusal(1, "no"), null, null, AtOnce));
    }

    [Fact]
    public void A_peer_that_hangs_up_is_noticed()
    {
        Check.Ok(LibC.Send(_client.Number, [1, 2, 3], 0));
        _client.Dispose();
        Assert.Equal(HandshakeFault.HungUp, HandshakeExchange.ReceiveHello(_bus, Soon, out _));
        Assert.Equal(HandshakeFault.HungUp, HandshakeExchange.SendWelcome(_bus, BusWelcome.Refusal(1, "no"), null, null, Soon));
        Assert.Equal(HandshakeFault.HungUp, HandshakeExchange.SendHello(_bus, Hello, Soon));
    }

    [Fact]
    public void A_hello_may_come_byte_by_byte()
    {
        byte[] record = new byte[ClientHello.Size];
        Hello.Encode(record);
        var receiver = new HelloReceiver();
        for (int i = 0; i < record.Length; i++)
        {
            Assert.False(receiver.TryReceive(_bus, out _, out _));
            Check.Ok(LibC.Send(_client.Number, record.AsSpan(i, 1), 0));
        }

        Assert.True(receiver.TryReceive(_bus, out ClientHello hello, out HandshakeFault fault));
        Assert.Equal(HandshakeFault.None, fault);
        Assert.Equal(Hello, hello);
    }

    [Theory]
    [InlineData(0, 0x12345678u, HandshakeFault.NotKbus)]
    [InlineData(4, LinkLayout.OldestVersion - 1, HandshakeFault.OtherVersion)]
    [InlineData(4, 0u, HandshakeFault.OtherVersion)]
    [InlineData(8, 0u, HandshakeFault.Malformed)]
    [InlineData(8, 4u, HandshakeFault.Malformed)]
    [InlineData(12, 0u, HandshakeFault.Malformed)]
    [InlineData(12, 0xFFFFFFFFu, HandshakeFault.Malformed)]
    [InlineData(16, ClientHello.WatchFlag, HandshakeFault.Malformed)]
    [InlineData(60, 1u, HandshakeFault.Malformed)]
    internal void A_wrong_hello_is_refused(int offset, uint value, HandshakeFault expected)
    {
        byte[] record = new byte[ClientHello.Size];
        Hello.Encode(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(offset), value);
        Assert.Equal(expected, ClientHello.Decode(record, out _));
        Assert.Equal(HandshakeFault.NotKbus, ClientHello.Decode(record.AsSpan(0, 63), out _));
    }

    [Theory]
    [InlineData(false, 0u)]
    [InlineData(true, 1u << 20)]
    public void Whoever_wants_to_watch_has_no_mode(bool withData, uint ringSize)
    {
        byte[] record = new byte[ClientHello.Size];
        var watch = ClientHello.Watch(4711, withData, ringSize);
        watch.Encode(record);
        Assert.Equal(HandshakeFault.None, ClientHello.Decode(record, out ClientHello hello));
        Assert.Equal(watch, hello);
        Assert.True(hello.IsWatch);

        // A kbusd that knows nothing of watchers must refuse it.
        Assert.Equal(default, hello.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), (uint)KsockMode.Read);
        Assert.Equal(HandshakeFault.Malformed, ClientHello.Decode(record, out _));
    }

    [Theory]
    [InlineData(0, 0x12345678u, HandshakeFault.NotKbus)]
    [InlineData(4, LinkLayout.Version + 1, HandshakeFault.OtherVersion)]
    [InlineData(4, LinkLayout.OldestVersion - 1, HandshakeFault.OtherVersion)]
    [InlineData(8, 0x80000000u, HandshakeFault.Malformed)]
    [InlineData(20, 255u, HandshakeFault.Malformed)]
    [InlineData(24, 0xFFFFFFFFu, HandshakeFault.Malformed)]
    [InlineData(28, 0u, HandshakeFault.Malformed)]
    [InlineData(48, 1025u, HandshakeFault.Malformed)]
    [InlineData(48, 0xFFFFFFFFu, HandshakeFault.Malformed)]
    [InlineData(60, 1u, HandshakeFault.Malformed)]
    internal void A_wrong_welcome_is_refused_and_what_came_with_it_closed(int offset, uint value, HandshakeFault expected)
    {
        byte[] record = BusWelcome.Link(1, 0, LinkLayout.Default, Limits).Encode();
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(offset), value);
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int passed, out int kept));
        using var watched = new Descriptor(kept);
        Check.Ok(LibC.SendMessage(_bus.Number, record, [passed, passed], 0));
        Check.Ok(LibC.Close(passed));
        Assert.Equal(
            expected,
            HandshakeExchange.ReceiveWelcome(_client, AtOnce, out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell));
        Assert.Null(welcome);
        Assert.Null(memory);
        Assert.Null(bell);
        Assert.True(PeerSocket.HasHungUp(kept), "what came with a wrong welcome was left open");
    }

    [Fact]
    public void A_welcome_without_its_descriptors_is_refused()
    {
        byte[] record = BusWelcome.Link(1, 0, LinkLayout.Default, Limits).Encode();
        Check.Ok(LibC.Send(_bus.Number, record, 0));
        Assert.Equal(HandshakeFault.Malformed, HandshakeExchange.ReceiveWelcome(_client, AtOnce, out _, out _, out _));
    }

    [Fact]
    public void A_bus_of_another_version_can_still_say_so()
    {
        byte[] record = BusWelcome.Refusal((int)Errno.EPROTO, "EPROTO: this bus speaks version 2.").Encode();
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), 2);
        Check.Ok(LibC.Send(_bus.Number, record, 0));
        Assert.Equal(HandshakeFault.None, HandshakeExchange.ReceiveWelcome(_client, AtOnce, out BusWelcome? welcome, out _, out _));
        Assert.Equal("EPROTO: this bus speaks version 2.", welcome!.Reason);
    }

    [Fact]
    public Task Random_records_are_decoded_or_refused_and_never_more() => Seeded.Run(seed =>
    {
        var random = new Random(seed);
        byte[] record = new byte[BusWelcome.FixedSize + BusWelcome.LongestReason];
        for (int i = 0; i < 200_000; i++)
        {
            int length = random.Next(record.Length);
            random.NextBytes(record.AsSpan(0, length));
            if (random.Next(4) != 0)
            {
                BusWelcome.Link(1, 0, LinkLayout.Default, Limits).Encode().AsSpan(0, 8).CopyTo(record);
            }

            _ = ClientHello.Decode(record.AsSpan(0, Math.Min(length, ClientHello.Size)), out _);
            _ = BusWelcome.Decode(record.AsSpan(0, length), out _);
        }

        return Task.CompletedTask;
    });
}

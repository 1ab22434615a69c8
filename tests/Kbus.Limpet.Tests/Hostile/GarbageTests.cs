using System.Buffers.Binary;
using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>A peer that does not speak as a Limpet does: it is told why, and the bus goes on as if it had not been.</summary>
public abstract class GarbageTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls;

    protected GarbageTests(Way way) => _bowls = new Bowls(1) { Way = way };

    public void Dispose()
    {
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("GET / HT", "greeted with the bytes 47455420 in place of HELO")]
    [InlineData("HELO\0\0\0\0", "network id is 0")]
    [InlineData("HELO\0\0\0\u0001", "it has network id 1, as this Limpet has")]
    [InlineData("", "closed")]
    [InlineData("HELO\0\0", "closed")]
    public void A_wrong_greeting_makes_no_link_and_leaves_no_Ksock(string greeting, string fault)
    {
        (Stream ours, Stream theirs) = StreamPair.WithPlainPeer(_bowls.Way);
        theirs.Write(Encoding.Latin1.GetBytes(greeting));
        if (greeting.Length < Greeting.Length)
        {
            theirs.Dispose();
        }

        bool hasOpened = false;
        LimpetOptions options = _bowls.Options(0, 1) with { OpenKsock = () => throw new InvalidOperationException($"{hasOpened = true}") };
        LimpetException refusal = Assert.Throws<LimpetException>(() => Limpet.Attach(ours, options));
        Assert.Contains(fault, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(greeting.Length == Greeting.Length, refusal.IsPeersFault);
        Assert.False(hasOpened);
        theirs.Dispose();
    }

    [Fact]
    public void A_peer_that_does_not_greet_is_given_up()
    {
        (Stream ours, Stream theirs) = StreamPair.WithPlainPeer(_bowls.Way);
        LimpetOptions options = _bowls.Options(0, 1) with { GreetingLimit = TimeSpan.FromMilliseconds(50) };
        LimpetException refusal = Assert.Throws<LimpetException>(() => Limpet.Attach(ours, options));
        Assert.Contains("did not greet within", refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.IsPeersFault);
        theirs.Dispose();
    }

    [Theory]
    [InlineData(0, 0u, "begins with 0x00000000")]
    [InlineData(15, 0xFFFFFFFFu, "header ends with 0xFFFFFFFF")]
    [InlineData(17, 0u, "does not end with its guard")]
    [InlineData(13, 0u, "a name of 0 bytes")]
    [InlineData(13, 0xFFFFFFFEu, "a name of 4294967294 bytes")]
    [InlineData(14, 1001u, "1001 bytes of data; 1000 are the most")]
    [InlineData(14, 0xFFFFFFFDu, "4294967293 bytes of data")]
    public async Task What_is_no_message_ends_the_link_and_what_came_before_counts(int word, uint value, string fault)
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1) with { MaxData = 1000 }, 2);
        Ksock listener = _bowls.Bound(0, "$.A");
        byte[] bad = RawPeer.Bytes(default, "$.B");
        BinaryPrimitives.WriteUInt32BigEndian(bad.AsSpan(word * 4), value);
        peer.Write([.. RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, 1) }, "$.A"), .. bad]);
        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerConfused, ending.Kind);
        Assert.Contains(fault, ending.Text, StringComparison.Ordinal);
        Assert.Equal(new MessageId(2, 1), Bowls.Next(listener).Id);
        Assert.Equal(0u, listener.NumMessages);
        peer.Dispose();
    }

    [Fact]
    public async Task Garbage_of_every_kind_ends_the_link_with_a_sentence()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int i = 0; i < 100; i++)
        {
            (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
            byte[] garbage = new byte[random.Next(200, 4000)];
            random.NextBytes(garbage);
            if (random.Next(2) == 0)
            {
                // A message with some bytes wrong, then more of it.
                byte[] message = RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, 1) }, "$.A.B.C", new byte[100]);
                message.CopyTo(garbage, 0);
                garbage[random.Next(message.Length)] ^= (byte)random.Next(1, 256);
            }

            peer.Write(garbage);
            peer.Dispose();
            LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
            Assert.True(ending.Kind is LimpetEndingKind.PeerConfused or LimpetEndingKind.PeerGone, $"seed {seed}: {ending}");
        }

        using Ksock ksock = _bowls.Bound(0, "$.Alive");
        ksock.Send(new Announcement("$.Alive"));
        Assert.NotNull(ksock.ReadNextMessage());
    }

    [Fact]
    public async Task Half_a_message_and_the_end_is_told_as_that()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
        peer.Write(RawPeer.Bytes(default, "$.A", new byte[500]).AsSpan(0, 300));
        peer.Dispose();
        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Contains("ended in the middle of a message, after 300 of its bytes", ending.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_message_and_then_silence_keeps_nothing_else_from_passing()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
        byte[] message = RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, 1) }, "$.A", new byte[500]);
        Ksock listener = _bowls.Bound(0, "$.A");
        peer.Write(message.AsSpan(0, 300));
        Ksock sender = _bowls.Open(0);
        sender.Send(new Announcement("$.Other"));
        Assert.Equal("$.Other", peer.Next()!.Name);
        peer.Write(message.AsSpan(300));
        Assert.Equal(500, Bowls.Next(listener).Data.Length);
        peer.Dispose();
        await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(13)]
    public async Task A_bind_event_with_nonsense_for_data_ends_the_link(int length)
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
        peer.Send(default, ReplierBindEvent.MessageName, new byte[length]);
        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerConfused, ending.Kind);
        Assert.Contains("a bind event has data that is none", ending.Text, StringComparison.Ordinal);
        peer.Dispose();
    }

    [Fact]
    public async Task A_bind_event_whose_name_is_longer_than_its_data_ends_the_link()
    {
        (Limpet limpet, RawPeer peer) = _bowls.Attach(_bowls.Options(0, 1), 2);
        byte[] data = RawPeer.BindEvent("$.Abc", isBind: true);
        BitConverter.TryWriteBytes(data.AsSpan(8), uint.MaxValue);
        peer.Send(default, ReplierBindEvent.MessageName, data);
        LimpetEnding ending = await limpet.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.PeerConfused, ending.Kind);
        peer.Dispose();
    }
}

/// <summary>The same over a Unix socket.</summary>
public sealed class GarbageOverUnixTests() : GarbageTests(Way.Unix);

/// <summary>The same over TCP.</summary>
public sealed class GarbageOverTcpTests() : GarbageTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
public sealed class GarbageOverTlsTests() : GarbageTests(Way.Tls);

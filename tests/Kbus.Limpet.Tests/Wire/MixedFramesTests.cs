using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>Plain announcements go to the bus by a way of their own; their order with all else must not show it.</summary>
public sealed class MixedFramesTests
{
    private const int Count = 3000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_the_peer_sends_is_heard_as_it_is_and_in_its_order(bool isLinked)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        try
        {
            Play(new Random(seed), isLinked);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Failed with KBUS_TEST_SEED={seed}: {failure.Message}", failure);
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 40)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 40)]
    public async Task Nonsense_behind_announcements_ends_the_link_and_what_came_before_is_heard(bool isLinked, int before)
    {
        using var bowls = new Bowls(1, isLinked: isLinked);
        (Limpet limpet, RawPeer peer) = RawPeer.Attach(bowls.Options(0, 1), 2);
        using RawPeer closed = peer;
        using Ksock listener = bowls.Bound(0, "$.Say");
        byte[] frame = RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, 1) }, "$.Say");
        peer.Write([.. Enumerable.Repeat(frame, before).SelectMany(f => f), .. new byte[frame.Length]]);
        LimpetEnding ending = await limpet.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        Assert.Equal((LimpetEndingKind.PeerConfused, before), (ending.Kind, limpet.Counts.CarriedIn));
        for (int i = 0; i < before; i++)
        {
            Assert.Equal("$.Say", Bowls.Next(listener).Name);
        }

        Assert.Equal(0u, listener.NumMessages);
    }

    private static void Play(Random random, bool isLinked)
    {
        using var bowls = new Bowls(1, isLinked: isLinked);
        (Limpet limpet, RawPeer peer) = RawPeer.Attach(bowls.Options(0, 1), 2);
        using Limpet ended = limpet;
        using RawPeer closed = peer;
        using Ksock replier = bowls.Bound(0, "$.Mix.Ask", replier: true);
        using Ksock listener = bowls.Bound(0, "$.Mix.*");
        listener.SetMaxMessages(2 * Count);

        List<Sent> sent = [.. Enumerable.Range(1, Count).Select(i => Make(random, (uint)i))];
        byte[] bytes = [.. sent.SelectMany(s => RawPeer.Bytes(s.Header, s.Name, s.Data))];
        Task writing = Task.Run(() =>
        {
            for (int at = 0; at < bytes.Length;)
            {
                int piece = Math.Min(random.Next(1, random.Next(2) == 0 ? 300 : 200_000), bytes.Length - at);
                peer.Write(bytes.AsSpan(at, piece));
                at += piece;
            }
        });
        foreach (Sent s in sent.Where(s => s.IsHeard))
        {
            Message heard = Bowls.Next(listener);
            Assert.Equal((s.Header.Id, s.Name, s.Header.OrigFrom), (heard.Id, heard.Name, heard.OrigFrom));
            Assert.Equal(s.Data, heard.Data.ToArray());
            Assert.Equal(limpet.KsockId, heard.From);
        }

        writing.GetAwaiter().GetResult();
        Assert.Equal(0u, listener.NumMessages);
        foreach (Sent s in sent.Where(s => s.Header.IsRequest))
        {
            Assert.Equal(s.Header.Id, Bowls.Next(replier).Id);
        }

        LimpetCounts counts = limpet.Counts;
        Assert.Equal((sent.Count(s => s.IsHeard), sent.Count(s => !s.IsHeard)), (counts.CarriedIn, counts.Refused));
    }

    private static Sent Make(Random random, uint serial)
    {
        byte[] data = new byte[random.Next(20) switch { 0 => 40_000, 1 => 0, _ => random.Next(200) }];
        random.NextBytes(data);
        var header = new MessageHeader { Id = new MessageId(2, serial), OrigFrom = new OrigFrom(2, (uint)random.Next(1, 9)), From = 9 };
        switch (random.Next(40))
        {
            case 0:
                header.Flags = MessageFlags.WantAReply | MessageFlags.WantYouToReply;
                return new Sent(header, "$.Mix.Ask", data, true);
            case 1:
                header.Flags = MessageFlags.AllOrFail;
                return new Sent(header, "$.Mix.Each", data, true);
            case 2:
                header.InReplyTo = new MessageId(2, serial - 1);
                return new Sent(header, "$.Mix.Overheard", data, true);
            case 3:
                return new Sent(header, "$.Mix..None", data, false);
            default:
                return new Sent(header, random.Next(4) == 0 ? "$.Mix.Other" : "$.Mix.Tell", data, true);
        }
    }

    private sealed record Sent(MessageHeader Header, string Name, byte[] Data, bool IsHeard);
}

using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>The wire, byte by byte, against a second implementation written from its description. Spec section 12.2.</summary>
public abstract class WireBytesTests(bool isLinked) : IDisposable
{
    private readonly Bowls _bowls =
        new(1, new BusOptions { AbsoluteMaxMessageSize = 64 * 1024 * 1024, DefaultMaxMessageSize = 64 * 1024 * 1024 }, isLinked);

    private readonly PythonPeer _peer = new();

    public void Dispose()
    {
        _peer.Dispose();
        _bowls.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Every_kind_of_message_goes_out_as_described(bool isOurServer, bool isTcp)
    {
        Ksock before = _bowls.Bound(0, "$.Before", replier: true);
        await using IAsyncDisposable link = await _peer.Link(Options(), isOurServer, isTcp);
        _peer.Expect(new { id = Id(1, 1), orig_from = Id(1, 0), flags = 0x204, name = ReplierBindEvent.MessageName, bind = Bind(1, before.Id, "$.Before") });

        Ksock fish = _bowls.Open(0);
        fish.Send(new Announcement("$.News", new byte[] { 1, 2, 3, 4, 5 }, MessageFlags.Urgent | (MessageFlags)0x00F00000));
        _peer.Expect(new { id = Id(1, 2), from = fish.Id, orig_from = Id(1, fish.Id), flags = 0x00F00008, name = "$.News", data = "0102030405" });

        // A Request that is answered on this bus is only overheard beyond, and so is its Reply.
        MessageId asked = fish.Send(new Request("$.Before", "?"));
        before.Send(Message.ReplyTo(Bowls.Next(before), "!"));
        Bowls.Next(fish);
        _peer.Expect(
            new { id = Id(1, asked.SerialNumber), from = fish.Id, orig_from = Id(1, fish.Id), flags = 1, name = "$.Before", data = "3f" },
            new
            {
                id = Id(1, asked.SerialNumber + 1),
                in_reply_to = Id(0, asked.SerialNumber),
                to = fish.Id,
                from = before.Id,
                orig_from = Id(1, before.Id),
                name = "$.Before",
                data = "21",
            });

        // One for the peer's replier.
        _peer.Send(new { id = Id(2, 1), name = ReplierBindEvent.MessageName, bind = Bind(1, 77, "$.Far"), flags = 0x204 });
        _bowls.AwaitReplier(0, "$.Far");
        uint limpet = fish.FindReplier("$.Far")!.Value;
        asked = fish.Send(new Request("$.Far"));
        _peer.Expect(new { id = Id(1, asked.SerialNumber), from = fish.Id, orig_from = Id(1, fish.Id), flags = 3, name = "$.Far" });
        _peer.Send(new { id = Id(2, 2), in_reply_to = Id(1, asked.SerialNumber), to = 1, from = 77, orig_from = Id(2, 77), name = "$.Far", data = "aa" });
        Message reply = Bowls.Next(fish);
        Assert.Equal((limpet, new OrigFrom(2, 77), asked), (reply.From, reply.OrigFrom, reply.InReplyTo));
        asked = fish.Send(Message.StatefulRequest(reply, "$.Far", "b"));
        _peer.Expect(new
        {
            id = Id(1, asked.SerialNumber),
            to = limpet,
            from = fish.Id,
            orig_from = Id(1, fish.Id),
            final_to = Id(2, 77),
            flags = 3,
            name = "$.Far",
            data = "62",
        });

        before.Unbind("$.Before", replier: true);
        uint serial = asked.SerialNumber + 1;
        _peer.Expect(new { id = Id(1, serial), orig_from = Id(1, 0), flags = 0x204, name = ReplierBindEvent.MessageName, bind = Bind(0, before.Id, "$.Before") });
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Names_and_data_of_every_length_go_out_padded_with_zeros(bool isOurServer, bool isTcp)
    {
        await using IAsyncDisposable link = await _peer.Link(Options(), isOurServer, isTcp);
        Ksock fish = _bowls.Open(0);
        List<object> expected = [];
        uint serial = 0;
        foreach (int length in Enumerable.Range(3, 40).Concat([255, 256, 257, 997, 998, 999, 1000]))
        {
            for (int fill = 0; fill < 10; fill++)
            {
                fish.Send(new Announcement(Name(length), Fill(fill)));
                expected.Add(new { id = Id(1, ++serial), from = fish.Id, orig_from = Id(1, fish.Id), name = Name(length), fill });
            }
        }

        _peer.Expect([.. expected]);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(3, true)]
    [InlineData(1 << 20, true)]
    [InlineData(1 << 20, false)]
    public async Task Messages_are_understood_in_single_bytes_and_many_at_once(int piece, bool isTcp)
    {
        Ksock listener = _bowls.Bound(0, "$.*");
        listener.SetMaxMessages(1000);
        await using IAsyncDisposable link = await _peer.Link(Options(), isOurServer: true, isTcp);
        List<object> sent = [];
        List<(int Name, int Fill)> lengths = [.. from name in new[] { 3, 4, 5, 6, 7, 1000 } from fill in Enumerable.Range(0, 10) select (name, fill)];
        for (int i = 0; i < lengths.Count; i++)
        {
            sent.Add(new
            {
                id = Id(2, (uint)i + 1),
                from = 5,
                orig_from = Id(2, 6),
                final_to = Id(7, 8),
                extra = 9,
                flags = 0x00F00004,
                name = Name(lengths[i].Name),
                fill = lengths[i].Fill,
            });
        }

        _peer.SendInPieces(piece, [.. sent]);
        for (int i = 0; i < lengths.Count; i++)
        {
            Message got = Bowls.Next(listener);
            Assert.Equal((new MessageId(2, (uint)i + 1), new OrigFrom(2, 6), new OrigFrom(7, 8)), (got.Id, got.OrigFrom, got.FinalTo));
            Assert.Equal((Name(lengths[i].Name), 0u, (MessageFlags)0x00F00000), (got.Name, got.Extra, got.Flags));
            Assert.True(got.Data.Span.SequenceEqual(Fill(lengths[i].Fill)));
        }
    }

    [Theory]
    [InlineData(1 << 20, true)]
    [InlineData((64 * 1024 * 1024) - 200, false)]
    public async Task Big_messages_pass_whole_both_ways(int length, bool isTcp)
    {
        await using IAsyncDisposable link = await _peer.Link(Options(), isOurServer: true, isTcp);
        Ksock fish = _bowls.Bound(0, "$.FromFar");
        fish.Send(new Announcement("$.Big", Fill(length)));
        _peer.Expect(new { id = Id(1, 1), from = fish.Id, orig_from = Id(1, fish.Id), name = "$.Big", fill = length });
        _peer.Send(new { id = Id(2, 1), name = "$.FromFar", fill = length });
        Assert.True(Bowls.Next(fish).Data.Span.SequenceEqual(Fill(length)));
    }

    [Fact]
    public async Task What_the_rules_look_at_and_what_they_need_not_go_out_in_the_order_of_the_bus()
    {
        int seed = Environment.TickCount & 0xFFFF;
        var random = new Random(seed);
        Ksock replier = _bowls.Bound(0, "$.Asked", replier: true);
        await using IAsyncDisposable link = await _peer.Link(Options(), isOurServer: true, isTcp: true);
        _peer.Expect(new { id = Id(1, 1), orig_from = Id(1, 0), flags = 0x204, name = ReplierBindEvent.MessageName, bind = Bind(1, replier.Id, "$.Asked") });
        Ksock fish = _bowls.Open(0);
        uint serial = 1;
        for (int round = 0; round < 20; round++)
        {
            List<object> expected = [];
            for (int i = random.Next(200); i > 0; i--)
            {
                switch (random.Next(12))
                {
                    case 0:
                        // A Request that is answered here is only overheard, and so is its Reply.
                        fish.Send(new Request("$.Asked"));
                        replier.Send(Message.ReplyTo(Bowls.Next(replier)));
                        Bowls.Next(fish);
                        expected.Add(new { id = Id(1, ++serial), from = fish.Id, orig_from = Id(1, fish.Id), flags = 1, name = "$.Asked" });
                        expected.Add(new
                        {
                            id = Id(1, serial + 1),
                            in_reply_to = Id(0, serial),
                            to = fish.Id,
                            from = replier.Id,
                            orig_from = Id(1, replier.Id),
                            name = "$.Asked",
                        });
                        serial++;
                        break;
                    case 1:
                        fish.Send(new Announcement("$.KBUS.Mine", Fill(i)));
                        expected.Add(new { id = Id(1, ++serial), from = fish.Id, orig_from = Id(1, fish.Id), name = "$.KBUS.Mine", fill = i });
                        break;
                    case 2:
                        // So big that it does not lie in the ring.
                        fish.Send(new Announcement("$.Big", Fill(40_000 + i)));
                        expected.Add(new { id = Id(1, ++serial), from = fish.Id, orig_from = Id(1, fish.Id), name = "$.Big", fill = 40_000 + i });
                        break;
                    default:
                        int length = random.Next(300);
                        fish.Send(new Announcement("$.Plain", Fill(length)));
                        expected.Add(new { id = Id(1, ++serial), from = fish.Id, orig_from = Id(1, fish.Id), name = "$.Plain", fill = length });
                        break;
                }
            }

            TestContext.Current.SendDiagnosticMessage($"seed {seed}, round {round}");
            _peer.Expect([.. expected]);
        }
    }

    private LimpetOptions Options() => _bowls.Options(0, 1) with { Backlog = 100 * 1024 * 1024 };

    private static uint[] Id(uint network, uint number) => [network, number];

    private static object[] Bind(int isBind, uint binder, string name) => [isBind, binder, name];

    private static string Name(int length) => "$." + new string('n', length - 2);

    private static byte[] Fill(int length)
    {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++)
        {
            data[i] = (byte)(((i & 255) * 7) + 1);
        }

        return data;
    }
}

/// <summary>With buses in this process.</summary>
public sealed class EmbeddedWireBytesTests() : WireBytesTests(isLinked: false);

/// <summary>With Ksocks on links, out of whose rings frames are made directly.</summary>
public sealed class LinkedWireBytesTests() : WireBytesTests(isLinked: true);

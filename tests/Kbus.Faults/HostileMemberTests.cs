using System.Diagnostics;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Faults;

/// <summary>P8: no member can hurt another, whatever it writes into the memory that it shares with the bus.</summary>
public sealed class HostileMemberTests
{
    [Fact]
    public Task A_member_that_scribbles_over_its_shared_memory_hurts_nobody() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        int ended = 0;
        using (var echo = new EchoPair(daemon.Directory))
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < Limited.Span)
            {
                using RawLink link = RawLink.Open(daemon.Directory, (uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
                link.Write((ushort)CommandCode.Bind, 0, 1, "$.Echo"u8);
                echo.Once(random.Next(16, 50_000));
                bool everywhere = random.Next(2) == 0;
                for (int i = 0; i < 20 && !link.IsBusGone; i++)
                {
                    Scribble(link, random, everywhere);
                    link.Ring();
                    echo.Once(random.Next(16, 50_000));
                }

                ended += link.IsBusGone ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{ended} links ended by the bus");
        Assert.True(ended > 0, "no scribbling was noticed");
        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task A_member_that_scribbles_all_the_time_hurts_nobody() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using (var echo = new EchoPair(daemon.Directory))
        {
            using var stop = new CancellationTokenSource();
            int seed = random.Next();
            Task hostile = Limited.InBackground(() =>
            {
                var own = new Random(seed);
                while (!stop.IsCancellationRequested)
                {
                    using RawLink link = RawLink.Open(daemon.Directory);
                    link.Write((ushort)CommandCode.Bind, 0, 1, "$.Echo"u8);
                    for (int i = 0; i < 2000 && !link.IsBusGone; i++)
                    {
                        Scribble(link, own, everywhere: false);
                        link.Ring();
                    }
                }
            });
            long start = Stopwatch.GetTimestamp();
            int rounds = 0;
            while (Stopwatch.GetElapsedTime(start) < Limited.Span)
            {
                echo.Once(random.Next(16, 50_000));
                rounds++;
            }

            stop.Cancel();
            Assert.True(Task.WaitAny([hostile], TimeSpan.FromSeconds(180)) == 0, "the hostile member cannot get on");
            hostile.GetAwaiter().GetResult();
            TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} round trips meanwhile");
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task Who_wishes_all_the_memory_there_is_gets_what_a_Limpet_gets() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using RawLink greedy = RawLink.Open(daemon.Directory, uint.MaxValue, uint.MaxValue);
        Assert.Equal(LinkLayout.MostWishedCompletionSlots, greedy.Memory.Layout.CompletionSlots);
        Assert.Equal(LinkLayout.MostWishedCommandRingSize, greedy.Memory.Layout.CommandRingSize);
        Assert.Equal(LinkLayout.DefaultDeliveryRingSize, greedy.Memory.Layout.DeliveryRingSize);
        using var echo = new EchoPair(daemon.Directory);
        echo.Once(50_000);
        Assert.False(greedy.IsBusGone);
    });

    [Fact]
    public Task Every_malformed_command_ends_its_own_link_only() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using (var echo = new EchoPair(daemon.Directory))
        {
            byte[] noise = new byte[40_000];
            for (int code = 0; code < 40; code++)
            {
                foreach (int length in new[] { 0, 1, 4, 7, 8, 16, 87, 88, 96, 100, 1200, 33_000, random.Next(40_000) })
                {
                    using RawLink link = RawLink.Open(daemon.Directory);
                    random.NextBytes(noise);
                    link.Write((ushort)code, (ushort)random.Next(ushort.MaxValue), (ulong)random.Next(3), noise.AsSpan(0, length));
                    link.Write((ushort)random.Next(20), 0, 2, noise.AsSpan(0, random.Next(200)));
                    echo.Once();
                }
            }
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task Every_impossible_command_record_ends_its_own_link_only() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using (var echo = new EchoPair(daemon.Directory))
        {
            uint[] lengths = [0, 1, 8, 15, 17, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, uint.MaxValue, 128 * 1024, (128 * 1024) + 1];
            foreach (uint length in lengths)
            {
                using RawLink link = RawLink.Open(daemon.Directory);
                link.Write(new CommandRecord(length, (ushort)CommandCode.Send, 0, 1), default);
                echo.Once();
                Until.True(() => link.IsBusGone, () => $"a record of {length} bytes in 16 is let pass");
            }

            ulong[] tails = [1, 7, 8, ulong.MaxValue, 1UL << 63, 128 * 1024, (128 * 1024) + 8, 0xFFFFFFFFFFFFFFF8];
            foreach (ulong tail in tails)
            {
                using RawLink link = RawLink.Open(daemon.Directory);
                Volatile.Write(ref link.Memory.Header.CommandTail, tail);
                link.Ring();
                echo.Once();
                Until.True(() => link.IsBusGone, () => $"a tail of {tail:x} is let pass");
            }

            for (int i = 0; i < 64; i++)
            {
                using RawLink link = RawLink.Open(daemon.Directory);
                link.Write((ushort)CommandCode.Bind, 0, 1, "$.Echo"u8);
                Volatile.Write(ref link.Memory.Header.DeliveryHeadWord(), (ulong)random.NextInt64() | (1UL << i));
                echo.Once();
                echo.Once(40_000);
            }
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task Headers_that_lie_about_their_lengths_hurt_nobody() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        using (var echo = new EchoPair(daemon.Directory))
        {
            uint[] values = [0, 1, 88, 1000, 1001, 32768, 409_600, 0x3FFFFFF, 0x4000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, uint.MaxValue];
            byte[] body = new byte[2000];
            foreach (uint nameLength in values)
            {
                foreach (uint dataLength in values)
                {
                    foreach (CommandCode code in new[] { CommandCode.Send, CommandCode.SendBegin })
                    {
                        var header = new MessageHeader
                        {
                            StartGuard = MessageHeader.StartGuardValue,
                            EndGuard = MessageHeader.EndGuardValue,
                            NameLength = nameLength,
                            DataLength = dataLength,
                        };
                        MemoryMarshal.Write(body, header);
                        body.AsSpan(MessageHeader.Size).Fill((byte)'$');
                        using RawLink link = RawLink.Open(daemon.Directory);
                        link.Write((ushort)code, 0, 1, body.AsSpan(0, MessageHeader.Size + random.Next(body.Length - MessageHeader.Size)));
                        link.Write((ushort)CommandCode.SendPart, 0, 2, body);
                        link.Write((ushort)CommandCode.SendPart, 0, 2, body);
                        link.Write((ushort)CommandCode.SendPart, 0, 2, default);
                    }
                }

                echo.Once();
            }
        }

        DaemonStatus.UntilIdle(daemon, idle);
    });

    [Fact]
    public Task Visitors_that_say_nothing_or_half_or_garbage_are_shown_out() => Limited.Run(random =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int idle = DaemonStatus.IdleDescriptors(daemon);
        List<Descriptor> visitors = [];
        using (var echo = new EchoPair(daemon.Directory))
        {
            byte[] words = new byte[200];
            for (int i = 0; i < 1500; i++)
            {
                Descriptor socket = RawLink.Connect(daemon.Directory);
                visitors.Add(socket);
                int length = (i % 3) switch { 0 => 0, 1 => 32, _ => 200 };
                new ClientHello(KsockMode.ReadWrite, 1, 0, 0, 0, 0).Encode(words);
                if (i % 3 == 2)
                {
                    random.NextBytes(words);
                }

                _ = length == 0 ? 0 : LibC.Send(socket.Number, words.AsSpan(0, length), LibC.MessageDontWait);
                if (i % 100 == 0)
                {
                    echo.Once();
                    using Ksock another = ActorProgram.Open(daemon.Directory);
                }
            }

            Until.True(
                () => Signals.Descriptors(daemon.Id) <= idle + 4,
                () => $"{Signals.Descriptors(daemon.Id)} descriptors stay open, {idle} were at first");
            echo.Once();
        }

        visitors.ForEach(v => v.Dispose());
        DaemonStatus.UntilIdle(daemon, idle);
    });

    private static void Scribble(RawLink link, Random random, bool everywhere)
    {
        Span<byte> bytes = random.Next(3) == 0 ? link.Deliveries : link.Bytes;
        if (everywhere)
        {
            random.NextBytes(bytes);
            return;
        }

        for (int i = random.Next(1, 40); i > 0; i--)
        {
            // Half of it into the header, where it hurts most, at whole words.
            int at = random.Next(2) == 0 ? random.Next(0x4C0 / 8) * 8 : random.Next((bytes.Length - 8) / 8) * 8;
            ulong word = random.Next(3) switch { 0 => (ulong)random.Next(64) * 8, 1 => ulong.MaxValue << random.Next(64), _ => (ulong)random.NextInt64() };
            MemoryMarshal.Write(bytes[at..], word);
        }
    }
}

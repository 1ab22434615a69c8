using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>P2 across Limpets while Limpets and daemons die, are stopped, and come back.</summary>
public sealed class KilledLimpetTests
{
    private static readonly TimeSpan Span = Limited.Span / 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    [Fact]
    public Task Every_request_is_answered_once_though_Limpets_are_killed() => Limited.Run(random =>
    {
        using var chain = new LimpetChain(2);
        Violence(chain, random, () =>
        {
            int victim = random.Next(chain.Limpets.Count);
            chain.KillLimpet(victim);
            chain.StartLimpet(victim);
        });
    });

    [Fact]
    public Task Every_request_is_answered_once_though_the_daemon_in_the_middle_is_killed() => Limited.Run(random =>
    {
        using var chain = new LimpetChain(3);
        Violence(chain, random, () => chain.RestartDaemon(1));
    });

    [Fact]
    public Task Every_request_is_answered_once_though_the_repliers_daemon_is_killed() => Limited.Run(random =>
    {
        using var chain = new LimpetChain(2);
        Violence(chain, random, () => chain.RestartDaemon(1));
    });

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public Task Every_request_is_answered_once_though_any_part_of_a_long_chain_is_killed(int daemons) => Limited.Run(random =>
    {
        using var chain = new LimpetChain(daemons);
        Violence(chain, random, () =>
        {
            int victim = random.Next(chain.Limpets.Count + daemons - 1);
            if (victim < chain.Limpets.Count)
            {
                chain.KillLimpet(victim);
                chain.StartLimpet(victim);
            }
            else
            {
                // Any but the requester's.
                chain.RestartDaemon(victim - chain.Limpets.Count + 1);
            }
        });
    });

    /// <summary>The numbers of a bus begin again with its daemon; those of before are still remembered by the Limpets beyond.</summary>
    [Fact]
    public Task A_bus_whose_ids_begin_again_has_its_own_answers_and_is_taken_for_no_ring() => Limited.Run(random =>
    {
        const int Lives = 5;
        const int Requests = 50;
        using var chain = new LimpetChain(3);
        chain.StartReplier(-1);
        HashSet<MessageId> former = [];
        int again = 0;
        byte[] nonce = new byte[16];
        for (int life = 0; life < Lives; life++)
        {
            using (Ksock ksock = ActorProgram.Open(chain.First))
            {
                UntilReached(ksock);
                for (int i = 0; i < Requests; i++)
                {
                    random.NextBytes(nonce);
                    MessageId asked = ksock.Send(new Request(LimpetChain.Name, nonce));
                    again += former.Add(asked) ? 0 : 1;
                    Message? answer = ksock.WaitForMessage(Patience);
                    Assert.Equal((asked, MessageKind.Reply), (answer?.InReplyTo ?? default, answer?.Kind));
                    Assert.True(answer!.Data.Span.SequenceEqual(nonce), "that is another Request's answer");
                }
            }

            chain.RestartDaemon(0);
        }

        Assert.True(again > Requests, $"only {again} ids came again");
    });

    [Fact]
    public Task A_stopped_Limpet_goes_on_where_it_was() => Limited.Run(random =>
    {
        using var chain = new LimpetChain(2);
        Violence(chain, random, () =>
        {
            int victim = chain.Limpets[random.Next(chain.Limpets.Count)].Id;
            Signals.StopAndWait(victim);
            for (int i = random.Next(1000); i > 0; i--)
            {
                Thread.Yield();
            }

            Signals.Send(victim, Signals.Continue);
        });
    });

    /// <summary>Sends Requests through the chain, and does harm now and then; in the end all work again.</summary>
    private static void Violence(LimpetChain chain, Random random, Action harm)
    {
        chain.StartReplier(random.Next(1, int.MaxValue));
        using Ksock ksock = ActorProgram.Open(chain.First);
        ksock.SetMaxMessages(500);
        using var requesting = new Requesting(ksock);
        UntilReached(ksock);
        long start = Stopwatch.GetTimestamp();
        int harms = 0;
        byte[] data = new byte[3000];
        while (Stopwatch.GetElapsedTime(start) < Span)
        {
            for (int i = random.Next(2000); i > 0; i--)
            {
                Span<byte> part = data.AsSpan(0, Lengths.Next(random, data.Length));
                Content.Fill(part, (ulong)random.NextInt64());
                if (requesting.Send(LimpetChain.Name, part) != Errno.None || random.Next(20) == 0)
                {
                    requesting.ReadAll();
                }
            }

            harm();
            harms++;
            UntilReached(ksock, requesting);
        }

        requesting.Finish();
        int replies = requesting.Replies;
        Content.Fill(data, 1);
        Until.True(
            () =>
            {
                requesting.Send(LimpetChain.Name, data);
                requesting.Finish();
                return requesting.Replies > replies;
            },
            () => "it is not answered any more");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{harms} times; {requesting}"));
    }

    private static void UntilReached(Ksock ksock, Requesting? requesting = null) => Until.True(
        () =>
        {
            requesting?.ReadAll();
            return ksock.FindReplierFor(LimpetChain.Name) is not null;
        },
        () => "the replier is not announced again");
}

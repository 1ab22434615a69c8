using System.Diagnostics;
using System.Globalization;
using Kbus.Replay;

namespace Kbus.Faults;

/// <summary>P2 across Limpets while Limpets and daemons die, are stopped, and come back.</summary>
public sealed class KilledLimpetTests
{
    private static readonly TimeSpan Span = Limited.Span / 2;

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

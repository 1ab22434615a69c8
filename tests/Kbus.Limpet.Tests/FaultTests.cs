using System.Collections.Concurrent;

namespace Kbus.Limpets.Tests;

/// <summary>An unexpected exception in a Limpet ends that link, and no other of the process.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fault_in_one_link_ends_that_link_alone_and_it_is_made_again(bool isOutward)
    {
        using var bowls = new Bowls(3);
        ConcurrentQueue<Limpet> links = [];
        await using Served server = await Served.At(Served.NewPath(), bowls.Options(0, 1));
        using var stop = new CancellationTokenSource();
        int left = 1;

        // The trace is a program's own code, and runs in the thread that carries the message.
        LimpetOptions faulty = bowls.Options(1, 2) with
        {
            Linked = links.Enqueue,
            Trace = line =>
            {
                if (line.Contains("$.Fatal", StringComparison.Ordinal) && Interlocked.Exchange(ref left, 0) == 1)
                {
                    throw new InvalidOperationException("a fault that a test makes");
                }
            },
        };
        (Limpet one, Limpet other) = bowls.Join(2, 3, 1, 4);
        Task<LimpetEnding> running = new LimpetClient(server.Address, faulty, Served.Plain).RunAsync(cancellationToken: stop.Token);
        Ksock beyond = bowls.Bound(0, "$.Words.*");
        Ksock here = bowls.Bound(1, "$.Words.*");
        bowls.Bound(0, "$.Here", replier: true);
        bowls.AwaitReplier(1, "$.Here");
        bowls.AwaitReplier(2, "$.Here");
        Assert.True(SpinWait.SpinUntil(() => !links.IsEmpty, Limit));
        Assert.True(links.TryDequeue(out Limpet? first));

        bowls.Open(isOutward ? 1u : 0u).Send(new Announcement("$.Fatal"));
        LimpetEnding ending = await first.Ended.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(LimpetEndingKind.Fault, ending.Kind);
        Assert.Contains("a fault that a test makes", ending.Text, StringComparison.Ordinal);

        // It is made again, and the other link of this process has never ended.
        bowls.AwaitReplier(1, "$.Here");
        bowls.Open(2).Send(new Announcement("$.Words.Other"));
        Assert.Equal("$.Words.Other", Bowls.Next(here).Name);
        Assert.Equal("$.Words.Other", Bowls.Next(beyond).Name);
        Assert.False(one.Ended.IsCompleted || other.Ended.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal(LimpetEndingKind.Stopped, (await running.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
    }
}

namespace Kbus.Faults;

/// <summary>P2 where the bus beyond refuses: the Limpet there hears of it from the bus, while its thread for the peer sleeps.</summary>
public sealed class RefusedBeyondTests
{
    private const string Full = "$.Full";
    private const int Times = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Every_refusal_comes_back_though_nothing_follows_it(bool isFloodedTheOtherWay) => Limited.Run(_ =>
    {
        using var chain = new LimpetChain(2);
        using Ksock replier = ActorProgram.Open(chain.Last);
        using Ksock requester = ActorProgram.Open(chain.First);
        replier.SetMaxMessages(1);
        replier.Bind(Full, replier: true);
        Assert.True(SpinWait.SpinUntil(() => requester.FindReplierFor(Full) is not null, Patience), "the Limpets do not stand in");
        requester.Send(new Request(Full));
        Assert.True(SpinWait.SpinUntil(() => replier.NumMessages == 1, Patience), "the first Request does not arrive");

        using var stopping = new CancellationTokenSource();
        using Ksock speaker = ActorProgram.Open(chain.Last);
        Task flood = isFloodedTheOtherWay ? Limited.InBackground(() => Flood(speaker, stopping.Token)) : Task.CompletedTask;
        try
        {
            for (int i = 0; i < Times; i++)
            {
                MessageId asked = requester.Send(new Request(Full));
                Message? answer = requester.WaitForMessage(Patience);
                Assert.True(answer is not null, $"refusal {i} does not come back");
                Assert.Equal((asked, "$.KBUS.RemoteError.EBUSY"), (answer.InReplyTo, answer.Name));
            }
        }
        finally
        {
            stopping.Cancel();
        }

        flood.GetAwaiter().GetResult();
    });

    private static void Flood(Ksock speaker, CancellationToken stopping)
    {
        byte[] data = new byte[1000];
        while (!stopping.IsCancellationRequested)
        {
            speaker.Send(new Announcement("$.News", data));
        }
    }
}

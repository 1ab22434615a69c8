using Kbus.Tests;

namespace Kbus.Limpets.Tests;

/// <summary>Each link had an allowance of lines of its own, and a peer can make any number of links.</summary>
public sealed class FewLinesTests
{
    [Fact]
    public async Task However_often_a_peer_comes_and_whatever_it_says_then_its_lines_are_few()
    {
        using var bowls = new Bowls(1);
        using var clock = new HandClock();
        await using Served server = await Served.At(Served.NewPath(), bowls.Options(0, 1) with { Time = clock });
        for (int i = 0; i < 20; i++)
        {
            using (RawPeer peer = server.Greet(2))
            {
                for (int j = 0; j < 20; j++)
                {
                    peer.TellBind($"$.No name {i} {j}");
                }

                peer.TellBind($"$.Last{i}");
                bowls.AwaitReplier(0, $"$.Last{i}");
            }

            Assert.True(
                SpinWait.SpinUntil(() => server.Report.Links[0].State == LimpetLinkState.Down, TimeSpan.FromSeconds(120)), "the link's end is not noticed");
        }

        Assert.InRange(bowls.Told.Count, 20, 60);
        clock.Advance(TimeSpan.FromSeconds(1));
        server.Greet(2).Dispose();
        bowls.AwaitTold("lines like this were left out.)");
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>Buses that Limpets join with TLS while servers are killed and stopped, and links are cut and held up, at random.</summary>
/// <remarks>
/// Between the harms are calm times, in which each announcement must come to every bus once and in its order, and each Request must have its
/// reply. KBUS_FAULTS_SECONDS says how long it goes on; KBUS_TEST_SEED plays the same harms again.
/// </remarks>
public sealed class LimpetChaosTests
{
    private const int AnnouncementsInCalm = 10;
    private const int MostCalmsThatWereNone = 100;
    private static readonly TimeSpan Span = Limited.Span / 2;

    [Fact]
    public Task A_chain_keeps_its_promises() => Limited.Run(random => Play(4, [(0, 1), (1, 2), (2, 3)], random));

    [Fact]
    public Task A_star_keeps_its_promises() => Limited.Run(random => Play(6, [.. Spokes(5)], random));

    [Fact]
    public Task A_star_of_twenty_with_one_server_in_one_process_keeps_its_promises() => Limited.Run(random => Play(21, [.. Spokes(20)], random));

    [Fact]
    public Task A_ring_keeps_its_promises_and_its_second_way_takes_over() => Limited.Run(random => Play(3, [(0, 1), (1, 2), (2, 0)], random, isRing: true));

    private static IEnumerable<(uint From, uint To)> Spokes(uint count) => Enumerable.Range(1, (int)count).Select(i => (0u, (uint)i));

    private static void Play(int buses, IReadOnlyList<(uint From, uint To)> bridges, Random random, bool isRing = false)
    {
        using var islands = new Archipelago(buses, bridges, isRing, random);
        try
        {
            Calm(islands);
            int harms = 0;
            int takeovers = 0;
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Span || harms < 3; harms++)
            {
                for (int more = random.Next(1, 4); more > 0; more--)
                {
                    Talk(islands, random);
                    Harm(islands, random);
                    Talk(islands, random);
                }

                Calm(islands);
                if (isRing && harms % 3 == 0)
                {
                    TakeOver(islands, random);
                    takeovers++;
                }
            }

            foreach (Islanders members in islands.Members)
            {
                members.Requests.Finish();
                TestContext.Current.TestOutputHelper?.WriteLine($"{members}");
            }

            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{harms} times; {takeovers} times a second way took over"));
            Assert.True(!isRing || takeovers > 0, "no second way had to take over");
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{failure.Message} The clients said: {islands.Told}", failure);
        }
    }

    /// <summary>A ring loses one of the links that carry, for good; the one on standby takes over before it comes back.</summary>
    private static void TakeOver(Archipelago islands, Random random)
    {
        Bridge[] carrying = [.. islands.Bridges.Where(b => b.State == Limpets.LimpetLinkState.Up)];
        uint hub = carrying[random.Next(carrying.Length)].Hub;
        islands.KillHub(hub);
        Talk(islands, random);
        Calm(islands, dead: 1);
        islands.StartHub(hub);
        Calm(islands);
    }

    private static void Harm(Archipelago islands, Random random)
    {
        Bridge bridge = islands.Bridges[random.Next(islands.Bridges.Count)];
        uint hub = islands.Hubs[random.Next(islands.Hubs.Count)];
        switch (random.Next(6))
        {
            case 0:
                bridge.Relay.Cut();
                break;
            case 1:
                bridge.Relay.Stall();
                Talk(islands, random);
                if (random.Next(2) == 0)
                {
                    bridge.Relay.Cut();
                }

                bridge.Relay.Resume();
                break;
            case 2:
                islands.KillHub(hub);
                Talk(islands, random);
                islands.StartHub(hub);
                break;
            case 3:
                islands.WhileStopped(hub, () => Talk(islands, random));
                break;
            default:
                bool isRude = random.Next(2) == 0;
                bridge.EndClient(isRude);
                Talk(islands, random);
                bridge.StartClient();
                if (isRude)
                {
                    islands.LeadAgain(bridge);
                }

                break;
        }
    }

    /// <summary>Everybody asks and announces, and reads what comes.</summary>
    private static void Talk(Archipelago islands, Random random)
    {
        for (int i = random.Next(200); i > 0; i--)
        {
            Islanders one = islands.Members[random.Next(islands.Members.Count)];
            uint other = (uint)random.Next(islands.Members.Count);
            if (random.Next(3) == 0)
            {
                one.Announce();
            }
            else if (other != one.Bus)
            {
                one.Ask(other);
            }

            if (random.Next(4) == 0)
            {
                one.Read();
            }
        }
    }

    /// <summary>Waits until all links are what they should be. Then everybody hears everybody once, in order, and is answered by
    /// everybody.</summary>
    private static void Calm(Archipelago islands, int dead = 0)
    {
        for (int tries = 0; ; tries++)
        {
            Assert.True(tries < MostCalmsThatWereNone, "links are made again and again, although nothing happens to them");
            Settle(islands, dead);
            long made = islands.Made;
            bool IsCalm() => islands.Made == made && islands.IsSettled(dead);
            foreach (Islanders members in islands.Members)
            {
                members.BeginCalm(islands.Members);
            }

            for (int i = 0; i < AnnouncementsInCalm; i++)
            {
                foreach (Islanders members in islands.Members)
                {
                    members.Announce();
                }
            }

            Until.True(() => ReadAll(islands, m => m.HasHeardAll(islands.Members)) || !IsCalm(), () => $"somebody never hears all: {Describe(islands)}");
            if (IsCalm() && AllAnswered(islands, IsCalm))
            {
                Assert.Empty(islands.Members.Select(m => m.Wrong).OfType<string>());
                return;
            }
        }
    }

    /// <summary>In a ring it takes messages that go round until the ring is noticed.</summary>
    private static void Settle(Archipelago islands, int dead) => Until.True(
        () =>
        {
            ReadAll(islands, _ => true);
            if (islands.IsSettled(dead) && islands.Members.All(m => islands.Members.All(o => o == m || m.Reaches(o.Bus))))
            {
                return true;
            }

            islands.Members[0].Announce();
            islands.Members[^1].Announce();
            return false;
        },
        () => $"the links never come to rest: {Describe(islands)}");

    private static bool AllAnswered(Archipelago islands, Func<bool> isCalm)
    {
        ReadAll(islands, _ => true);
        foreach (Islanders members in islands.Members)
        {
            members.Requests.Finish();
        }

        int[] before = [.. islands.Members.Select(m => m.Requests.Replies)];
        foreach (Islanders members in islands.Members)
        {
            foreach (Islanders other in islands.Members.Where(o => o != members))
            {
                members.Ask(other.Bus);
            }
        }

        foreach (Islanders members in islands.Members)
        {
            members.Requests.Finish();
        }

        int[] replies = [.. islands.Members.Select((m, i) => m.Requests.Replies - before[i])];
        bool isSo = replies.All(r => r == islands.Members.Count - 1);
        Assert.True(isSo || !isCalm(), $"not everybody is answered by everybody: {string.Join(", ", replies)}");
        return isSo && isCalm();
    }

    private static bool ReadAll(Archipelago islands, Func<Islanders, bool> isSo)
    {
        bool all = true;
        foreach (Islanders members in islands.Members)
        {
            members.Read();
            all &= isSo(members);
        }

        return all;
    }

    private static string Describe(Archipelago islands) =>
        $"{string.Join(", ", islands.Bridges.Select(b => $"{b.Id} {b.State}"))}; {string.Join("; ", islands.Members)}";
}

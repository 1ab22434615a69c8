using System.Globalization;
using System.Text.Json;

namespace Kbus.Simulation;

/// <summary>Seeds played one after the other, each a bus with its members from the first Ksock to the last.</summary>
public sealed class SimulationTests
{
    private const string Seeds = "KBUS_SIMULATION_SEEDS";
    private const string FirstSeed = "KBUS_SIMULATION_SEED";
    private const int UsualSeeds = 8000;

    public SimulationTests() => Campaign.ListenToAssertions(saysNothing: false);

    [Fact]
    public void Every_promise_is_kept_in_every_simulated_run()
    {
        ulong first = Number(FirstSeed) ?? 1;
        ulong count = Number(Seeds) ?? UsualSeeds;
        Assert.Null(Workers.Play(first, count));
    }

    /// <summary>The same runs again and again, each time with one death more: before each step, and at each moment of each of the bus's rounds.</summary>
    [Fact]
    public void Every_promise_is_kept_though_a_process_is_killed_at_any_step_and_moment()
    {
        foreach (Scenario scenario in Enumerable.Range(1, 200).Select(s => Scenario.Of((ulong)s)).Where(s => s.Buses == 1 && s.Steps.Count < 120).Take(6))
        {
            for (int i = scenario.Members; i < scenario.Steps.Count; i++)
            {
                int moments = scenario.Steps[i].Act is Act.Round or Act.Rest ? 12 : 0;
                for (int moment = 0; moment <= moments; moment++)
                {
                    var death = new Step(Act.Die, i % scenario.Members, (ulong)moment, moment);
                    Scenario killed = scenario with { Steps = [.. scenario.Steps.Take(i), death, .. scenario.Steps.Skip(i)] };
                    if (Campaign.FaultOf(killed, out _) is not null)
                    {
                        Assert.Fail(Campaign.Report(killed));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_seed_gives_the_same_history_each_time()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            List<string> first = [];
            List<string> second = [];
            ulong digest = World.Play(Scenario.Of(seed), first);
            Assert.Equal(digest, World.Play(Scenario.Of(seed), second));
            Assert.Equal(first, second);
        }
    }

    [Fact]
    public void The_runs_come_to_every_act_outcome_and_Status()
    {
        var seen = new Dictionary<string, int>();
        // A Request that waits, and can never be sent, is rare.
        for (ulong seed = 1; seed <= 12_000; seed++)
        {
            _ = World.Play(Scenario.Of(seed), log: null, seen);
        }

        string[] wanted =
        [
            "Send None", "Send EAGAIN", "Send EBUSY", "Send ENOLCK", "Send EPIPE", "Send EADDRNOTAVAIL", "Send ECONNREFUSED", "Send EALREADY",
            "Send EBADMSG", "Send EDQUOT", "SendPart None", "SendPart EAGAIN", "Retry None", "Retry EAGAIN", "Retry EADDRNOTAVAIL", "Poll None",
            "Discard None", "Bind None", "Bind EADDRINUSE", "Bind EBADMSG", "Bind EAGAIN", "Bind EDQUOT", "Unbind None", "Unbind EINVAL",
            "Unbind EAGAIN", "FindReplier None", "Ask None", "Ask EBUSY", "Withdraw None", "answer on its lane", "Release None", "NoteTakes None",
            "Refill None", "LastSent None", "$.KBUS.Replier.GoneAway", "$.KBUS.Replier.Ignored", "$.KBUS.Replier.Unbound",
            "$.KBUS.Replier.Disappeared", "$.KBUS.ErrorSending", "asleep", "awake again", "probed", "peeked and took", "peeked in vain",
            "inside Take", "inside TakeSome", "inside Peek", "inside Die", "inside HangUp", "inside Close", "inside Scribble", "inside Bind",
            "inside Request", "inside Sleep", "open EPERM", "Send EPERM", "Bind EPERM", "Ask EPERM", "SendPart EPERM", "Send EMSGSIZE", "binding revoked",
            "Ksock revoked", "a bus was made",
        ];
        Assert.Empty(wanted.Where(w => !seen.ContainsKey(w)));
    }

    [Fact]
    public void A_run_that_fails_is_made_as_short_as_it_can_be()
    {
        // As if it were promised that no Request is ever refused for want of a replier.
        static string? Fault(Scenario scenario)
        {
            var seen = new Dictionary<string, int>();
            _ = World.Play(scenario, log: null, seen);
            return seen.ContainsKey("Send EADDRNOTAVAIL") ? "P3" : null;
        }

        Scenario failing = Enumerable.Range(1, 100).Select(s => Scenario.Of((ulong)s)).First(s => s.Steps.Count > 100 && Fault(s) is not null);
        Scenario shortest = Shrinker.Shrink(failing, Fault);
        Assert.NotNull(Fault(shortest));
        Assert.True(shortest.Steps.Count <= 4, $"{shortest.Steps.Count} steps are left of {failing.Steps.Count}:\n{string.Join('\n', shortest.Steps)}");
    }

    [Fact]
    public void A_member_that_scribbles_is_shown_out_and_judged_by_nobody_else()
    {
        int scribbled = 0;
        for (ulong seed = 1; scribbled < 100; seed++)
        {
            Scenario scenario = Scenario.Of(seed);
            if (scenario.Steps.Any(s => s.Act == Act.Scribble))
            {
                scribbled++;
                Assert.Null(Campaign.FaultOf(scenario, out _));
            }
        }
    }

    /// <summary>What eng/mutations.cs changes must be there to be changed. It takes too long to be run with every test.</summary>
    [Fact]
    public void Every_mutation_that_is_to_be_found_still_has_its_line()
    {
        using JsonDocument list = JsonDocument.Parse(Checkout.Text("tests/Kbus.Simulation/mutations.json"));
        JsonElement[] mutations = [.. list.RootElement.EnumerateArray()];
        Assert.True(mutations.Length >= 20);
        Assert.Empty(mutations
            .Select(m => (File: m.GetProperty("file").GetString()!, Line: m.GetProperty("was").GetString()!))
            .Where(m => Checkout.Text(m.File).Split(m.Line).Length != 2));
    }

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : null;
}

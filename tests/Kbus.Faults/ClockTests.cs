using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>A clock that is set, by years and while everybody waits, ends nothing early and keeps nothing from ending.</summary>
public sealed class ClockTests
{
    [Fact]
    public Task Every_wait_of_a_member_lasts_as_long_as_it_was_meant_to() => Limited.Run(_ =>
    {
        using var clock = new SetClock();
        using var daemon = new DaemonThrough(clock.Through);
        using Actor waiter = Actor.StartThrough(clock.Through, "waiter", daemon.Runtime).Ready();
        HashSet<string> years = [];
        for (string said = waiter.Hear(); said != "done"; said = waiter.Hear())
        {
            clock.Jump();
            string[] outcome = waiter.Hear().Split(' ');
            Assert.Equal((said, "ended"), (said, string.Join(' ', outcome[..^1])));
            years.Add(outcome[^1]);
        }

        // Its clock did jump.
        Assert.True(years.Count > 1, string.Join(' ', years));
    });

    [Fact]
    public Task Requests_are_answered_while_the_clocks_of_all_are_set() => Limited.Run(_ =>
    {
        using var clock = new SetClock();
        using var daemon = new DaemonThrough(clock.Through);
        using Actor replier = Actor.StartThrough(clock.Through, "replier", daemon.Runtime, "$.Echo", "-1").Ready();
        using Ksock asker = ActorProgram.Open(daemon.Runtime);
        for (int i = 0; i < 2000; i++)
        {
            if (i % 50 == 0)
            {
                clock.Jump();
            }

            Assert.Equal("x", asker.Request(new Request("$.Echo", "x"))!.DataAsText);
        }
    });

    [Fact]
    public Task The_daemon_drops_a_silent_connection_and_ends_when_it_is_idle_whatever_its_clock_says() => Limited.Run(_ =>
    {
        using var clock = new SetClock();
        using var daemon = new DaemonThrough(clock.Through, "--exit-when-idle", "10");
        long start = Stopwatch.GetTimestamp();
        using (Ksock keeps = ActorProgram.Open(daemon.Runtime))
        using (Linux.Descriptor silent = RawLink.Connect(daemon.Runtime))
        {
            clock.Jump();
            clock.Jump();
            Until.True(
                () => Linux.PeerSocket.HasHungUp(silent.Number), () => "a connection that says nothing stays");
            Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(4), "a connection was dropped before its time");
        }

        clock.Jump();
        clock.Jump();
        daemon.WaitForEnd();
    });

    [Fact]
    public Task Limpets_whose_clocks_are_set_stay_joined_and_join_again() => Limited.Run(_ =>
    {
        using var clock = new SetClock();
        using var near = new DaemonThrough(clock.Through);
        using var far = new DaemonThrough(clock.Through);
        string place = Path.Join(near.Directory, "limpet");
        using Actor server = StartLimpet(near, "server", 1);
        using Actor replier = Actor.StartThrough(clock.Through, "replier", far.Runtime, "$.Echo", "-1").Ready();
        using Ksock asker = ActorProgram.Open(near.Runtime);
        for (int i = 0; i < 3; i++)
        {
            using Actor client = StartLimpet(far, "client", 2);
            AskUntilAnswered(asker);
            for (int j = 0; j < 100; j++)
            {
                clock.Jump();
                Assert.Equal("x", asker.Request(new Request("$.Echo", "x"))!.DataAsText);
            }

            client.Kill();
            clock.Jump();
        }

        Actor StartLimpet(DaemonThrough daemon, string role, int id) =>
            Actor.StartThrough(clock.Through, "limpet", daemon.Runtime, role, place, id.ToString(CultureInfo.InvariantCulture)).Ready();
    });

    /// <summary>Asks until the buses are joined and somebody answers.</summary>
    private static void AskUntilAnswered(Ksock asker) => Until.True(
        () =>
        {
            try
            {
                return asker.Request(new Request("$.Echo", "x")) is { } answer && !answer.IsStatus;
            }
            catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
            {
                return false;
            }
        },
        () => "the buses are not joined again");
}

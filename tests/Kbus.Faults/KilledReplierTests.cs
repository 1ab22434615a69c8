using System.Diagnostics;
using System.Globalization;

namespace Kbus.Faults;

/// <summary>P2 and P6 while repliers die.</summary>
public sealed class KilledReplierTests
{
    private const int Names = 3;

    [Fact]
    public Task Every_accepted_request_is_answered_once_though_its_replier_is_killed() =>
        Limited.Run(random => Violence(random, longest: 2000, stopFirst: false));

    [Fact]
    public Task Every_accepted_request_is_answered_once_though_its_replier_is_stopped_and_then_killed() =>
        Limited.Run(random => Violence(random, longest: 300, stopFirst: true));

    [Fact]
    public Task Every_big_request_is_answered_once_and_unspoiled_though_its_replier_is_killed() =>
        Limited.Run(random => Violence(random, longest: 8 * 1024 * 1024, stopFirst: false));

    [Fact]
    public Task A_replier_that_is_killed_is_gone_though_its_child_keeps_the_socket() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Actor parent = Actor.Start("parent", daemon.Directory, "$.Parent").Ready();
        int child = int.Parse(parent.Hear(), CultureInfo.InvariantCulture);
        try
        {
            using Ksock ksock = Open(daemon);
            ksock.Send(new Request("$.Parent"));
            parent.Kill();
            Assert.Equal("$.KBUS.Replier.GoneAway", ksock.WaitForMessage(TimeSpan.FromSeconds(180))?.Name);
            Until.True(() => DaemonStatus.Ksocks(daemon.Directory) == 1, () => "the killed Ksock stays open");
            Assert.Contains(Directory.GetFileSystemEntries($"/proc/{child}/fd"), IsSocket);
        }
        finally
        {
            Signals.Send(child, Signals.Kill);
        }

        static bool IsSocket(string descriptor) => new FileInfo(descriptor).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
    });

    private static void Violence(Random random, int longest, bool stopFirst)
    {
        using DaemonProcess daemon = DaemonProcess.Start("--default-max-message-size", "67108864");
        int idle = DaemonStatus.IdleDescriptors(daemon);
        Actor Replier(int number) =>
            Actor.Start("replier", daemon.Directory, Name(number), random.Next(1, int.MaxValue).ToString(CultureInfo.InvariantCulture));

        List<Actor> repliers = [.. Enumerable.Range(0, Names).Select(Replier)];
        repliers.ForEach(r => r.Ready());
        using (var requesting = new Requesting(Open(daemon)))
        {
            long start = Stopwatch.GetTimestamp();
            int kills = 0;
            byte[] data = new byte[longest];
            while (Stopwatch.GetElapsedTime(start) < Limited.Span)
            {
                Load(requesting, random, data, random.Next(longest > 100_000 ? 60 : 1000));
                int victim = random.Next(Names);
                if (stopFirst)
                {
                    Signals.StopAndWait(repliers[victim].Id);
                    Load(requesting, random, data, random.Next(1000));
                }

                repliers[victim].Kill();
                repliers[victim].Dispose();
                kills++;
                repliers[victim] = Replier(victim);
                Load(requesting, random, data, random.Next(longest > 100_000 ? 20 : 300));
                repliers[victim].Ready();
            }

            repliers.ForEach(r => r.Kill());
            requesting.Finish();
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills; {requesting}");
        }

        repliers.ForEach(r => r.Dispose());
        DaemonStatus.UntilIdle(daemon, idle);
    }

    private static void Load(Requesting requesting, Random random, byte[] data, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Span<byte> part = data.AsSpan(0, Lengths.Next(random, data.Length));
            Content.Fill(part, (ulong)random.NextInt64());
            if (requesting.Send(Name(random.Next(Names)), part) != Errno.None || random.Next(20) == 0)
            {
                requesting.ReadAll();
            }
        }
    }

    private static Ksock Open(DaemonProcess daemon)
    {
        Ksock ksock = ActorProgram.Open(daemon.Directory);
        ksock.SetMaxMessages(500);
        return ksock;
    }

    private static string Name(int number) => $"$.Replier.{(char)('A' + number)}";
}

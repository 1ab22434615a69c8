using System.Diagnostics;
using System.Globalization;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Hostile;

/// <summary>One attack, from starting kbusd to what was seen.</summary>
/// <param name="attack">The attack.</param>
/// <param name="options">How long, and how much.</param>
/// <param name="asOtherUser">Whether the attacker is another user.</param>
internal sealed class HostileRun(Attack attack, HostileOptions options, bool asOtherUser)
{
    private const UnixFileMode OpenToAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);
    private long _done;
    private string _refused = "nothing";

    /// <summary>Makes it.</summary>
    public HostileResult Make()
    {
        using var scene = new Scene();
        StartedProcess daemon = PeerServers.StartKbusd(scene);
        File.SetUnixFileMode(scene.Folder, OpenToAll);
        using var memory = new MemoryWatch(daemon.Id);
        using PlayedPart answering = new PlayedPart("answer", scene.Folder).Ready();

        // Once to warm kbusd up, and then the pair whose calls count: what is compiled late is no wait that an attacker made.
        using (PlayedPart warming = new PlayedPart("question", scene.Folder).Ready())
        {
            Thread.Sleep(WarmUp);
        }

        using PlayedPart asking = new PlayedPart("question", scene.Folder).Ready();
        Thread.Sleep(WarmUp / 2);
        double before = memory.Now();
        memory.Forget();
        Attack(scene.Folder);
        Thread.Sleep(Aftermath);
        double after = memory.Now();
        WaitsSeen[] seen = Seen(asking, 4);
        WaitsSeen deliveries = Seen(answering, 1)[0];
        return new HostileResult
        {
            Attack = attack.Name,
            AsOtherUser = asOtherUser,
            Done = _done,
            Refused = _refused,
            Requests = seen[0],
            Sends = seen[1],
            Opens = seen[2],
            Statuses = seen[3],
            Deliveries = deliveries,
            Before = before,
            Peak = memory.PeakMebibytes,
            After = after,
            Lives = !daemon.HasEnded,
        };
    }

    private void Attack(string directory)
    {
        long start = Stopwatch.GetTimestamp();
        double left;
        do
        {
            left = options.Seconds - Stopwatch.GetElapsedTime(start).TotalSeconds;
            using var attacker = new PlayedPart(
                "attack", attack.Name, directory, Math.Max(0.5, left).ToString(CultureInfo.InvariantCulture),
                (options.Size ?? attack.Size).ToString(CultureInfo.InvariantCulture), asOtherUser ? "other" : "same");
            if (attacker.Line(TimeSpan.FromSeconds(60)) != "ready")
            {
                throw new HostileException($"The attacker '{attack.Name}' did not begin.");
            }

            // Who gets no answer from the bus does not end by itself.
            string[] words = (attacker.Line(TimeSpan.FromSeconds((3 * options.Seconds) + 10)) ?? "done 0 refused no_answer").Split(' ');
            _done += words is ["done", var done, ..] ? long.Parse(done, CultureInfo.InvariantCulture) : 0;
            _refused = words[^1];
            attacker.Kill();
        }
        while (attack.IsRepeated && Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds);
    }

    private static WaitsSeen[] Seen(PlayedPart part, int count)
    {
        part.Finish();
        return [.. Enumerable.Range(0, count).Select(_ => WaitsSeen.Parse(part.Line(TimeSpan.FromSeconds(30)) ?? "0 0 0 1 no_report True"))];
    }
}

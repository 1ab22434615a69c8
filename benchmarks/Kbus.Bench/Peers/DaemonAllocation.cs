using System.Text.Json;
using Kbus.Hosts;

namespace Kbus.Bench.Peers;

/// <summary>What kbusd allocates for messages once it is warm, by its own account (B8).</summary>
internal static class DaemonAllocation
{
    private const int Warm = 30_000;
    private const int Counted = 100_000;

    /// <summary>Whole bytes for a Request and its Reply. The account goes on in steps of some kibibytes, so that less cannot be told.</summary>
    public static Sample Measure(Durations durations)
    {
        _ = durations;
        using var scene = new Scene();
        PeerServers.Kbusd(scene);
        using Ksock replier = Open(scene), requester = Open(scene);
        replier.Bind("$.Bench.Ask", replier: true);
        using MessageBuffer request = new(), answer = new();
        Trips(Warm);

        // To be asked costs kbusd something, too: as much as from one question to the next.
        long first = Allocated(scene), before = Allocated(scene);
        Trips(Counted);
        long bytes = Allocated(scene) - before - (before - first);
        return new(Math.Max(0, Math.Round((double)bytes / Counted)));

        void Trips(int count)
        {
            byte[] data = new byte[64];
            for (int i = 0; i < count; i++)
            {
                requester.Send("$.Bench.Ask"u8, data, MessageFlags.WantAReply);
                replier.WaitForMessage(request);
                replier.Reply(request, request.Data);
                requester.WaitForMessage(answer);
            }
        }
    }

    private static Ksock Open(Scene scene) => Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = scene.Folder, StartDaemon = false });

    private static long Allocated(Scene scene)
    {
        using var status = JsonDocument.Parse(StatusQuestion.Ask(scene.Folder));
        return status.RootElement.GetProperty("allocated").GetInt64();
    }
}

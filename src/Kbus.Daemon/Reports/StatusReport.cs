using System.Buffers;
using System.Text.Json;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status</c> shows: all buses, their Ksocks, bindings, queues and debts, as one JSON document.</summary>
/// <remarks>Each bus is described on its own thread, between two operations, so what is said of one bus is true of one moment.</remarks>
internal static class StatusReport
{
    /// <summary>Makes the report. A bus that does not answer in time is left out and named in <c>missing</c>.</summary>
    /// <param name="daemon">Of which daemon.</param>
    /// <param name="viewer">Who asks. Buses that he may not see are left out and named in <c>withheld</c>; null if there is no policy.</param>
    /// <param name="deadline">Until when.</param>
    public static byte[] Make(Daemon daemon, StatusViewer? viewer, Deadline deadline)
    {
        var buffer = new ArrayBufferWriter<byte>();
        uint count = (uint)daemon.BusCount;
        List<uint> withheld = viewer?.Withheld(count) ?? [];
        if (viewer is not null && withheld.Count == count)
        {
            return Refusal(viewer.WhyNothing);
        }

        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("version", DaemonVersion.Text);
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteString("runtime_dir", daemon.Directory);
            json.WriteNumber("memory", Environment.WorkingSet);
            json.WriteNumber("allocated", GC.GetTotalAllocatedBytes());
            json.WriteStartArray("buses");
            List<uint> missing = [];
            for (uint number = 0; number < count; number++)
            {
                if (withheld.Contains(number))
                {
                    continue;
                }

                if (TryDescribe(daemon, number, deadline, out byte[] description))
                {
                    json.WriteRawValue(description);
                }
                else
                {
                    missing.Add(number);
                }
            }

            json.WriteEndArray();
            json.WriteStartArray("missing");
            missing.ForEach(json.WriteNumberValue);
            json.WriteEndArray();
            if (withheld.Count > 0)
            {
                json.WriteStartArray("withheld");
                withheld.ForEach(json.WriteNumberValue);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The report for who may see nothing. A reader knows it by how it begins.</summary>
    public static byte[] Refusal(string why)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("refused", why);
            json.WriteString("version", DaemonVersion.Text);
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static bool TryDescribe(Daemon daemon, uint number, Deadline deadline, out byte[] description)
    {
        using var question = new BusQuestion(daemon.Log);
        bool isAsked = daemon.FindBus(number) is { } bus && bus.Post(question);
        description = isAsked ? question.Answer(deadline) : [];
        return description.Length > 0;
    }
}

using System.Buffers;
using System.Text.Json;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status --charges</c> shows: who holds how much of what is limited, those first who hold the greatest part, as one JSON document.</summary>
internal static class ChargesReport
{
    private static readonly ChargeKind[] OfBus = [ChargeKind.Bindings, ChargeKind.NameBytes, ChargeKind.Requests, ChargeKind.MessageBytes];
    private static readonly ChargeKind[] OfDaemon = [ChargeKind.Ksocks, ChargeKind.Buses];

    /// <summary>Makes the report. A bus that does not answer in time is left out and named in <c>missing</c>.</summary>
    /// <param name="daemon">Of which daemon.</param>
    /// <param name="viewer">Who asks. Buses that he may not see are left out; null if there is no policy.</param>
    /// <param name="deadline">Until when.</param>
    public static byte[] Make(Daemon daemon, StatusViewer? viewer, Deadline deadline)
    {
        uint count = (uint)daemon.BusCount;
        if (viewer is not null && viewer.Withheld(count).Count == count)
        {
            return StatusReport.Refusal(viewer.WhyNothing);
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("version", DaemonVersion.Text);
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteString("runtime_dir", daemon.Directory);
            ChargesSnapshot? ofDaemon = null;
            daemon.Shares.Read(book => ofDaemon = new ChargesSnapshot(book, OfDaemon));
            json.WritePropertyName("daemon");
            Write(json, ofDaemon!, null);
            json.WriteStartArray("buses");
            List<uint> missing = [];
            for (uint number = 0; number < count; number++)
            {
                if (viewer?.MaySee(number) == false)
                {
                    continue;
                }

                if (Ask(daemon, number, deadline) is { } snapshot)
                {
                    Write(json, snapshot, number);
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
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static ChargesSnapshot? Ask(Daemon daemon, uint number, Deadline deadline)
    {
        using var question = new ChargesQuestion(OfBus);
        return daemon.FindBus(number) is { } bus && bus.Post(question) ? question.Answer(deadline) : null;
    }

    private static void Write(Utf8JsonWriter json, ChargesSnapshot snapshot, uint? bus)
    {
        json.WriteStartObject();
        if (bus is { } number)
        {
            json.WriteNumber("bus", number);
        }

        WriteAmounts(json, "limits", snapshot, snapshot.Limits);
        WriteAmounts(json, "held", snapshot, snapshot.Held);
        json.WriteNumber("users_in_all", snapshot.UsersInAll);
        json.WriteStartArray("users");
        foreach (ChargesSnapshot.Row user in snapshot.Users)
        {
            Write(json, snapshot, user, isProcess: false);
        }

        json.WriteEndArray();
        json.WriteNumber("processes_in_all", snapshot.ProcessesInAll);
        json.WriteStartArray("processes");
        foreach (ChargesSnapshot.Row process in snapshot.Processes)
        {
            Write(json, snapshot, process, isProcess: true);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ChargesSnapshot snapshot, in ChargesSnapshot.Row row, bool isProcess)
    {
        json.WriteStartObject();
        json.WriteNumber("uid", row.UserId);
        if (isProcess)
        {
            json.WriteNumber("pid", row.ProcessId);
            json.WriteString("program", ProcessNames.Of(row.ProcessId));
        }

        WriteAmounts(json, "held", snapshot, row.Held);
        WriteAmounts(json, "share", snapshot, row.Share);
        json.WriteEndObject();
    }

    private static void WriteAmounts(Utf8JsonWriter json, string name, ChargesSnapshot snapshot, in ChargeAmounts amounts)
    {
        json.WriteStartObject(name);
        foreach (ChargeKind kind in snapshot.Kinds)
        {
            json.WriteNumber(NameOf(kind), amounts[(int)kind]);
        }

        json.WriteEndObject();
    }

    private static string NameOf(ChargeKind kind) => kind switch
    {
        ChargeKind.Bindings => "bindings",
        ChargeKind.NameBytes => "name_bytes",
        ChargeKind.Requests => "requests",
        ChargeKind.MessageBytes => "message_bytes",
        ChargeKind.Ksocks => "ksocks",
        _ => "buses",
    };
}

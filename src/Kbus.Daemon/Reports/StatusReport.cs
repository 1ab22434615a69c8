using System.Buffers;
using System.Text;
using System.Text.Json;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status</c> shows: all buses, their Ksocks, bindings, queues and debts, as one JSON document.</summary>
/// <remarks>Each bus is described on its own thread, between two operations, so what is said of one bus is true of one moment.</remarks>
internal static class StatusReport
{
    /// <summary>Makes the report. A bus that does not answer in time is left out and named in <c>missing</c>.</summary>
    public static byte[] Make(Daemon daemon, Deadline deadline)
    {
        var buffer = new ArrayBufferWriter<byte>();
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
            foreach (BusThread bus in daemon.Buses)
            {
                if (TryDescribe(bus, deadline, out byte[] description))
                {
                    json.WriteRawValue(description);
                }
                else
                {
                    missing.Add(bus.Number);
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

    private static bool TryDescribe(BusThread bus, Deadline deadline, out byte[] description)
    {
        byte[]? made = null;
        using var ready = new ManualResetEventSlim();
        bus.Post(() =>
        {
            Volatile.Write(ref made, Describe(bus));
            ready.Set();
        });
        int milliseconds = (int)Math.Clamp(deadline.Nanoseconds / 1_000_000, 0, int.MaxValue);
        bool inTime = ready.Wait(milliseconds);
        description = Volatile.Read(ref made) ?? [];
        return inTime;
    }

    private static byte[] Describe(BusThread thread)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            Bus bus = thread.Bus;
            json.WriteStartObject();
            json.WriteNumber("bus", thread.Number);
            json.WriteNumber("max_message_size", bus.MaxMessageSize);
            json.WriteNumber("absolute_max_message_size", bus.AbsoluteMaxMessageSize);
            json.WriteBoolean("verbose", bus.IsVerbose);
            json.WriteBoolean("reports_binds", bus.ReportsBinds);
            json.WriteNumber("set_aside_events", bus.SetAsideCount);
            json.WriteBoolean("losing_events", bus.IsLosingEvents);
            json.WriteNumber("answers_owed", bus.AnswersOwed);
            json.WriteNumber("bindings", bus.BindingCount);
            json.WriteStartArray("ksocks");
            foreach (KsockState ksock in bus.Ksocks.OrderBy(k => k.Id))
            {
                Describe(json, bus, ksock);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Describe(Utf8JsonWriter json, Bus bus, KsockState ksock)
    {
        uint queued = bus.NumMessages(ksock);
        KsockOwner owner = ksock.Carrier.Owner;
        json.WriteStartObject();
        json.WriteNumber("id", ksock.Id);
        json.WriteNumber("pid", owner.ProcessId);
        json.WriteNumber("uid", owner.UserId);
        json.WriteString("program", ProcessNames.Of(owner.ProcessId));
        json.WriteString("mode", owner.Mode switch { KsockMode.Read => "read", KsockMode.Write => "write", KsockMode.ReadWrite => "read/write", _ => "neither" });
        json.WriteNumber("network_id", ksock.NetworkId);
        json.WriteNumber("queued", queued);
        json.WriteNumber("max_messages", ksock.MaxMessages);
        json.WriteNumber("queued_bytes", ksock.Queue.Bytes);
        json.WriteNumber("held_bytes", ksock.HeldBytes);
        json.WriteNumber("missed", ksock.Missed);
        json.WriteNumber("outstanding", ksock.Outstanding);
        json.WriteBoolean("only_once", ksock.OnlyOnce);
        json.WriteBoolean("sending", ksock.Waiting is not null);
        WriteId(json, "last_sent", ksock.LastSent);
        json.WriteStartArray("bindings");
        for (int i = ksock.Bindings.Count - 1; i >= 0; i--)
        {
            json.WriteStartObject();
            json.WriteString("name", Encoding.ASCII.GetString(ksock.Bindings[i].Name.Name));
            json.WriteBoolean("replier", ksock.Bindings[i].IsReplier);
            json.WriteNumber("order", ksock.Bindings[i].Order);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("waits_for");
        for (ReplyDebt? debt = ksock.Debts.Oldest; debt is not null; debt = ksock.Debts.After(debt))
        {
            if (debt.State == DebtState.Owed)
            {
                json.WriteStartObject();
                WriteId(json, "request", debt.Id);
                json.WriteNumber("replier", debt.Replier.Id);
                json.WriteBoolean("read", !debt.IsQueued);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteId(Utf8JsonWriter json, string name, MessageId id)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(id.NetworkId);
        json.WriteNumberValue(id.SerialNumber);
        json.WriteEndArray();
    }
}

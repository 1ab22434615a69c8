using System.Buffers;
using System.Text;
using System.Text.Json;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What a status report says of one bus, written on the bus's thread between two operations: so all of it is true of one moment.</summary>
internal sealed class BusQuestion(Log log) : BusWork, IDisposable
{
    private readonly ManualResetEventSlim _isReady = new();
    private byte[] _description = [];
    private bool _isDisposed;

    /// <summary>The description as JSON; empty if the bus did not answer in time, or has ended.</summary>
    public byte[] Answer(Deadline deadline)
    {
        _ = _isReady.Wait((int)Math.Clamp(deadline.Nanoseconds / 1_000_000, 0, int.MaxValue));
        return Volatile.Read(ref _description);
    }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus)
    {
        foreach (KsockState ksock in bus.Bus.Ksocks)
        {
            // Observes what the process has taken by itself.
            _ = bus.Bus.NumMessages(ksock);
        }

        try
        {
            Volatile.Write(ref _description, Describe(bus));
        }
        catch (Exception e)
        {
            // The bus was only read: a question that finds no memory is given up alone.
            log.GivenUp("a question about the status", e);
        }

        Abandon();
    }

    /// <inheritdoc/>
    public override void Abandon()
    {
        lock (_isReady)
        {
            if (!_isDisposed)
            {
                _isReady.Set();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_isReady)
        {
            _isDisposed = true;
            _isReady.Dispose();
        }
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
                Describe(json, ksock);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Describe(Utf8JsonWriter json, KsockState ksock)
    {
        KsockOwner owner = ksock.Carrier.Owner;
        json.WriteStartObject();
        json.WriteNumber("id", ksock.Id);
        json.WriteNumber("pid", owner.ProcessId);
        json.WriteNumber("uid", owner.UserId);
        json.WriteString("program", ProcessNames.Of(owner.ProcessId));
        json.WriteString("mode", owner.Mode switch { KsockMode.Read => "read", KsockMode.Write => "write", KsockMode.ReadWrite => "read/write", _ => "neither" });
        json.WriteNumber("network_id", ksock.NetworkId);
        json.WriteNumber("queued", ksock.Queue.Count + ksock.SetAside.Count);
        json.WriteNumber("max_messages", ksock.MaxMessages);
        json.WriteNumber("queued_bytes", ksock.Queue.Bytes);
        json.WriteNumber("held_bytes", ksock.HeldBytes);
        json.WriteNumber("missed", ksock.Missed);
        json.WriteNumber("outstanding", ksock.Outstanding);
        json.WriteBoolean("only_once", ksock.OnlyOnce);
        json.WriteBoolean("sending", ksock.Waiting is not null);
        WriteId(json, "last_sent", ksock.LastSent);
        json.WriteStartArray("bindings");
        foreach (Binding binding in ksock.Bindings.NewestFirst)
        {
            json.WriteStartObject();
            json.WriteString("name", Encoding.ASCII.GetString(binding.Name.Name));
            json.WriteBoolean("replier", binding.IsReplier);
            json.WriteNumber("order", binding.Order);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("waits_for");
        for (ReplyDebt? debt = ksock.Debts.Oldest; debt is not null; debt = ksock.Debts.After(debt))
        {
            if (debt.IsOwed)
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

using System.Text;
using System.Text.Json.Nodes;

namespace Kbus.Replay;

/// <summary>Plays one trace on a fresh host, operation by operation, and compares every field of every result.</summary>
internal static class TracePlayer
{
    /// <summary>Null if everything was identical, else the first difference.</summary>
    public static Difference? Play(Trace trace, ITraceHostFactory factory, CancellationToken cancellation = default)
    {
        using ITraceHost host = factory.Start(trace.Meta);
        var emptyWrites = new EmptyWrites();
        foreach (TraceOperation operation in trace.Operations)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!host.CanWriteNothing && emptyWrites.LeavesOut(operation))
            {
                continue;
            }

            JsonObject got = Run(host, operation);
            if (!JsonNode.DeepEquals(got, operation.Result))
            {
                return new Difference(
                    trace.File, operation.Line, operation.ToString(),
                    operation.Result.ToJsonString(TraceReader.Shown), got.ToJsonString(TraceReader.Shown));
            }
        }

        return null;
    }

    private static JsonObject Run(ITraceHost host, TraceOperation o) => o.Name switch
    {
        "open" => With(host.Open(o.Handle, o.Number("dev"), o.Text("mode")), (id, r) => r["ksock_id"] = id),
        "close" => Plain(host.Close(o.Handle)),
        "bind" => Plain(host.Bind(o.Handle, o.NameBytes(), o.Replier())),
        "unbind" => Plain(host.Unbind(o.Handle, o.NameBytes(), o.Replier())),
        "ksock_id" => Value(host.KsockId(o.Handle)),
        "find_replier" => With(host.FindReplier(o.Handle, o.NameBytes()), (f, r) => (r["retval"], r["id"]) = (f.ReturnValue, f.KsockId)),
        "write_msg" => Count(host.Write(o.Handle, WireForm.Entire(TraceMessage.Read(o.Arguments["msg"]!)))),
        "write_pointy" => Count(host.WritePointy(o.Handle, TraceMessage.Read(o.Arguments["msg"]!))),
        "write_raw" => Count(host.Write(o.Handle, Convert.FromHexString(o.Text("hex")))),
        "send" => Sent(host.Send(o.Handle)),
        "discard" => Plain(host.Discard(o.Handle)),
        "reset" => Plain(host.Reset(o.Handle)),
        "next_msg" => With(host.NextMsg(o.Handle), (m, r) => (r["retval"], r["len"]) = (m.ReturnValue, m.Length)),
        "read" => With(host.Read(o.Handle, (int)o.Number("count")), (b, r) => (r["n"], r["hex"]) = (b.Length, Convert.ToHexStringLower(b))),
        "read_next" => ReadNext(host, o.Handle),
        "len_left" => Value(host.LenLeft(o.Handle)),
        "last_sent" => With(host.LastSent(o.Handle), (id, r) => r["id"] = Id(id)),
        "num_msgs" => Value(host.NumMsgs(o.Handle)),
        "unreplied_to" => Value(host.UnrepliedTo(o.Handle)),
        "max_msgs" => Value(host.MaxMsgs(o.Handle, o.Number("value"))),
        "only_once" => Value(host.OnlyOnce(o.Handle, o.Number("value"))),
        "report_binds" => Value(host.ReportBinds(o.Handle, o.Number("value"))),
        "verbose" => Value(host.Verbose(o.Handle, o.Number("value"))),
        "max_msg_size" => Value(host.MaxMsgSize(o.Handle, o.Number("value"))),
        "new_device" => Value(host.NewDevice(o.Handle)),
        "poll" => With(host.Poll(o.Handle), (p, r) => (r["readable"], r["writable"]) = (p.Readable, p.Writable)),
        "proc_bindings" => With(host.ProcBindings(), (b, r) => r["bindings"] = new JsonArray([.. b.Select(Binding)])),
        _ => throw new FormatException($"line {o.Line}: no operation is called '{o.Name}'"),
    };

    private static JsonObject ReadNext(ITraceHost host, int handle)
    {
        HostResult<NextMessage> next = host.NextMsg(handle);
        if (next.Errno != Errno.None)
        {
            return Failed(next.Errno);
        }

        JsonObject result = Plain(Errno.None);
        result["len"] = next.Value.Length;
        result["msg"] = null;
        if (next.Value.ReturnValue == 0)
        {
            return result;
        }

        var bytes = new List<byte>();
        while (bytes.Count < next.Value.Length)
        {
            HostResult<byte[]> read = host.Read(handle, (int)next.Value.Length - bytes.Count);
            if (read.Errno != Errno.None)
            {
                return Failed(read.Errno);
            }

            if (read.Value!.Length == 0)
            {
                break;
            }

            bytes.AddRange(read.Value);
        }

        bool wellFormed = WireForm.TryDecode([.. bytes], out TraceMessage? message);
        result["msg"] = message?.ToJson();
        if (!wellFormed)
        {
            result["raw"] = Convert.ToHexStringLower([.. bytes]);
        }

        return result;
    }

    private static JsonObject Sent(SendResult sent)
    {
        JsonObject result = Plain(sent.Errno);
        if (sent.Id is { } id)
        {
            result["id"] = Id(id);
        }

        return result;
    }

    private static JsonObject With<T>(HostResult<T> got, Action<T, JsonObject> fill)
    {
        JsonObject result = Plain(got.Errno);
        if (got.Errno == Errno.None)
        {
            fill(got.Value!, result);
        }

        return result;
    }

    private static JsonObject Value(HostResult<uint> got) => With(got, (value, r) => r["value"] = value);

    private static JsonObject Count(HostResult<int> got) => With(got, (n, r) => r["n"] = n);

    private static JsonObject Plain(Errno errno) => errno == Errno.None ? new JsonObject { ["ok"] = true } : Failed(errno);

    private static JsonObject Failed(Errno errno) => new() { ["ok"] = false, ["errno"] = errno.ToString() };

    private static JsonArray Id(MessageId id) => new(id.NetworkId, id.SerialNumber);

    private static JsonNode Binding(BindingLine line) =>
        new JsonArray(line.Bus, line.KsockId, line.IsReplier ? "R" : "L", Encoding.Latin1.GetString(line.Name));
}

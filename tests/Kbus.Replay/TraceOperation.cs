using System.Text.Json.Nodes;

namespace Kbus.Replay;

/// <summary>One line of a trace: what was done, on which handle, and what came of it.</summary>
/// <param name="Line">The number of the line in its file, from 1.</param>
/// <param name="Name">The operation, as <c>write_msg</c>.</param>
/// <param name="Arguments">The whole line, for the arguments of the operation.</param>
/// <param name="Result">The recorded result.</param>
internal sealed record TraceOperation(int Line, string Name, JsonObject Arguments, JsonObject Result)
{
    /// <summary>The Ksock it is done on; only <c>proc_bindings</c> has none.</summary>
    public int Handle => Arguments["h"]!.GetValue<int>();

    /// <summary>Whether it was recorded as a success.</summary>
    public bool Succeeded => Result["ok"]!.GetValue<bool>();

    /// <summary>The recorded error, as <c>EPIPE</c>; null for a success.</summary>
    public string? Error => Result["errno"]?.GetValue<string>();

    /// <summary>An unsigned argument.</summary>
    public uint Number(string name) => Arguments[name]!.GetValue<uint>();

    /// <summary>A text argument.</summary>
    public string Text(string name) => Arguments[name]!.GetValue<string>();

    /// <summary>A message name, one byte for each character.</summary>
    public byte[] NameBytes() => System.Text.Encoding.Latin1.GetBytes(Text("name"));

    /// <summary>The number given to bind and unbind for "as replier"; the traces also write it as true and false.</summary>
    public uint Replier() => Arguments["replier"]!.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.True => 1,
        System.Text.Json.JsonValueKind.False => 0,
        _ => Number("replier"),
    };

    /// <summary>The line without its result and without remarks, for people.</summary>
    public override string ToString()
    {
        var shown = (JsonObject)Arguments.DeepClone();
        shown.Remove("result");
        shown.Remove("note");
        return shown.ToJsonString(TraceReader.Shown);
    }
}

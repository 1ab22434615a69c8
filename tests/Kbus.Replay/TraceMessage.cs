using System.Text;
using System.Text.Json.Nodes;

namespace Kbus.Replay;

/// <summary>A message as a trace writes it down: every field of the header, the name and the data.</summary>
internal sealed record TraceMessage(
    MessageId Id,
    MessageId InReplyTo,
    uint To,
    uint From,
    (uint Network, uint Local) OrigFrom,
    (uint Network, uint Local) FinalTo,
    uint Extra,
    uint Flags,
    byte[] Name,
    byte[] Data)
{
    /// <summary>Reads the object behind <c>"msg"</c>.</summary>
    public static TraceMessage Read(JsonNode msg)
    {
        (uint, uint) Pair(string name) => (msg[name]![0]!.GetValue<uint>(), msg[name]![1]!.GetValue<uint>());
        uint Number(string name) => msg[name]!.GetValue<uint>();
        (uint network, uint serial) = Pair("id");
        (uint repliedNetwork, uint repliedSerial) = Pair("in_reply_to");
        return new TraceMessage(
            new MessageId(network, serial),
            new MessageId(repliedNetwork, repliedSerial),
            Number("to"),
            Number("from"),
            Pair("orig_from"),
            Pair("final_to"),
            Number("extra"),
            Number("flags"),
            Encoding.Latin1.GetBytes(msg["name"]!.GetValue<string>()),
            Convert.FromHexString(msg["data"]!.GetValue<string>()));
    }

    /// <summary>Writes it as a trace would.</summary>
    public JsonObject ToJson() => new()
    {
        ["id"] = new JsonArray(Id.NetworkId, Id.SerialNumber),
        ["in_reply_to"] = new JsonArray(InReplyTo.NetworkId, InReplyTo.SerialNumber),
        ["to"] = To,
        ["from"] = From,
        ["orig_from"] = new JsonArray(OrigFrom.Network, OrigFrom.Local),
        ["final_to"] = new JsonArray(FinalTo.Network, FinalTo.Local),
        ["extra"] = Extra,
        ["flags"] = Flags,
        ["name"] = Encoding.Latin1.GetString(Name),
        ["data"] = Convert.ToHexStringLower(Data),
    };
}

using System.Text.Json;

namespace Kbus.Cli;

/// <summary>One Request that is still to be answered.</summary>
/// <param name="Request">The Request's id.</param>
/// <param name="Replier">The Ksock that owes the reply.</param>
/// <param name="IsRead">Whether that Ksock has read the Request.</param>
internal sealed record OwedStatus(MessageId Request, uint Replier, bool IsRead)
{
    /// <summary>Reads one entry of the document.</summary>
    public static OwedStatus Read(JsonElement owed)
    {
        uint[] id = [.. owed.Items("request").Select(n => n.GetUInt32())];
        return new OwedStatus(id is [uint network, uint serial] ? new MessageId(network, serial) : MessageId.None, (uint)owed.Number("replier"), owed.Flag("read"));
    }
}

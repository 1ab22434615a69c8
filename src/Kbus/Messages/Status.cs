using Kbus.Core;

namespace Kbus;

/// <summary>The bus's own answer to a Request whose replier gave none; its name says why. Only ever read, never made. Source: spec section 6.1.</summary>
/// <remarks><c>$.KBUS.Replier.GoneAway</c>, <c>.Ignored</c>, <c>.Unbound</c>, <c>.Disappeared</c>, <c>$.KBUS.ErrorSending</c>, and those of Limpets.</remarks>
public sealed class Status : Message
{
    private const string RemoteError = "$.KBUS.RemoteError.";

    internal Status(in MessageHeader header, byte[] nameBytes, byte[] data)
        : base(header, nameBytes, data)
    {
    }

    /// <summary>What the Status means, in sentences: what happened, and whether anybody acted on the Request.</summary>
    public string Meaning => Name switch
    {
        "$.KBUS.Replier.GoneAway" when Id.IsNone => "The bus died before the answer came. The replier may have acted on the Request.",
        "$.KBUS.Replier.GoneAway" => "The replier closed its Ksock before it had read the Request. Nobody acted on it.",
        "$.KBUS.Replier.Ignored" => "The replier read the Request and closed its Ksock without an answer. It may have acted on it, or in part.",
        "$.KBUS.Replier.Unbound" => "The replier unbound itself before it had read the Request. Nobody acted on it.",
        "$.KBUS.Replier.Disappeared" => "The replier went while the Request waited for room. Nobody acted on it.",
        "$.KBUS.Replier.NotSameKsock" => "The replier beyond the Limpet is another one now. Nobody acted on the Request.",
        "$.KBUS.ErrorSending" => "The Request waited for room and then could not be sent. Nobody acted on it.",
        string name when name.StartsWith(RemoteError, StringComparison.Ordinal) =>
            $"Beyond the Limpet the Request was refused with {name[RemoteError.Length..]}. Nobody acted on it.",
        _ => "The bus, or a Limpet, answered instead of the replier.",
    };
}

namespace Kbus.Cli;

/// <summary>The meaning of a Status, with which the bus answers a Request for the replier. Source: spec section 5.</summary>
internal static class StatusMeaning
{
    private const string RemoteError = "$.KBUS.RemoteError.";

    /// <summary>One line: what happened, what it means, what to do.</summary>
    public static string Of(Message status) => status.Name switch
    {
        "$.KBUS.Replier.GoneAway" when status.Id.IsNone => "the bus died before the answer came. The replier may have acted on the Request; see 'kbus status'.",
        "$.KBUS.Replier.GoneAway" => "the replier closed its Ksock before it had read the Request. Nobody acted on it; call again when there is a replier.",
        "$.KBUS.Replier.Ignored" => "the replier read the Request and closed its Ksock without an answer. It may have acted on it, or in part.",
        "$.KBUS.Replier.Unbound" => "the replier unbound itself before it had read the Request. Nobody acted on it; call again when there is a replier.",
        "$.KBUS.Replier.Disappeared" => "the replier went while the Request waited for room. Nobody acted on it; call again when there is a replier.",
        "$.KBUS.Replier.NotSameKsock" => "the replier beyond the Limpet is another one now. Nobody acted on the Request; start the conversation again.",
        "$.KBUS.ErrorSending" => "the Request waited for room and then could not be sent. Nobody acted on it.",
        string name when name.StartsWith(RemoteError, StringComparison.Ordinal) =>
            $"beyond the Limpet the Request was refused with {name[RemoteError.Length..]}. Nobody acted on it; see 'kbus errno {name[RemoteError.Length..]}'.",
        string name => $"the bus answered in the place of the replier: {name}.",
    };
}

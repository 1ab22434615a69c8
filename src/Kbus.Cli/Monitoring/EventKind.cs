namespace Kbus.Cli;

/// <summary>The kinds of events that <c>kbus monitor --kind</c> tells apart.</summary>
internal static class EventKind
{
    /// <summary>All of them, as they stand on the command line and in JSON.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["announcement", "request", "reply", "status", "replier_bind_event", "open", "close", "bind", "unbind", "setting", "limit", "lost"];

    /// <summary>The kind of an event; empty for one that is not shown.</summary>
    public static string Of(BusEvent busEvent) => busEvent switch
    {
        MessageEvent message => MessageJson.Word(message.Message.Kind),
        KsockOpenedEvent => "open",
        KsockClosedEvent => "close",
        BindingEvent { IsBind: true } => "bind",
        BindingEvent => "unbind",
        SettingEvent => "setting",
        LimitEvent => "limit",
        EventsLostEvent => "lost",
        _ => "",
    };
}

using System.Globalization;

namespace Kbus.Cli;

/// <summary>An event as one line for people.</summary>
/// <param name="bus">What is known of the bus.</param>
/// <param name="colours">The colours of the terminal.</param>
/// <param name="full">True to show all data that there is.</param>
internal sealed class EventText(MonitoredBus bus, EventColours colours, bool full)
{
    private const int MostNamed = 4;

    /// <summary>The line, without the time.</summary>
    public string Of(BusEvent busEvent, AnsweredRequest? answered) => busEvent switch
    {
        MessageEvent message => Of(message, answered),
        KsockOpenedEvent opened => $"{bus.NameOf(opened.Ksock)} opens for {Words(opened.Mode)}, process {Text(opened.ProcessId)}, user {TerminalText.Of(bus.UserOf(opened.Ksock))}",
        KsockClosedEvent closed => Of(closed),
        BindingEvent binding => Of(binding),
        SettingEvent setting => $"{bus.NameOf(setting.Ksock)} sets {setting.Setting} to {Text(setting.Value)}{Refusal(setting.Outcome)}",
        LimitEvent limit => $"{bus.NameOf(limit.Ksock)} {colours.Bad($"may hold no more {limit.What}")}: the share of its {limit.Whose} is {Text(limit.Share)}",
        EventsLostEvent lost => colours.Bad($"{lost.Count.ToString(CultureInfo.InvariantCulture)} events are missing here: they were not read in time"),
        _ => "",
    };

    private static string Words(KsockMode mode) => mode switch { KsockMode.Read => "reading", KsockMode.Write => "writing", KsockMode.ReadWrite => "reading and writing", _ => "neither" };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Refusal(Errno outcome) => outcome == Errno.None ? "" : ": " + colours.Bad($"refused, {KbusErrors.Name(outcome)}");

    private string Of(KsockClosedEvent closed)
    {
        string name = bus.NameOf(closed.Ksock);
        return closed.End switch
        {
            KsockEnd.Closed => $"{name} closes",
            KsockEnd.Died => $"{name} {colours.Bad("dies")}: its process ended or hung up",
            KsockEnd.Misbehaved => $"{name} {colours.Bad("is closed")}: it wrote nonsense into its memory",
            _ => $"{name} {colours.Bad("is closed")}: the policy does not let it be open any more",
        };
    }

    private string Of(BindingEvent binding)
    {
        string deed = binding.IsRevoked ? colours.Bad("may not be bound any more to") : binding.IsBind ? "binds to" : "unbinds from";
        return $"{bus.NameOf(binding.Ksock)} {deed} {colours.Name(binding.Name)}{(binding.IsReplier ? " as replier" : "")}{Refusal(binding.Outcome)}";
    }

    private string Of(MessageEvent sent, AnsweredRequest? answered)
    {
        Message message = sent.Message;
        string verb = message.Kind switch
        {
            MessageKind.Request => "asks",
            MessageKind.Reply => colours.Good("answers"),
            MessageKind.Status => colours.Odd("answers"),
            MessageKind.ReplierBindEvent => "reports",
            _ => "announces",
        };
        string flags = (message.IsUrgent ? " urgently" : "") + ((message.Flags & MessageFlags.ErrorReply) != 0 ? colours.Bad(" with an error") : "");
        string id = message.Id == MessageId.None ? "" : $" {message.Id}";
        string about = message.InReplyTo == MessageId.None ? "" : $" to {message.InReplyTo}";
        string wait = answered is null ? "" : $" {colours.Faint($"{(answered.Name == message.Name ? "" : TerminalText.Of(answered.Name) + " ")}after {Milliseconds(answered.Latency)}")}";
        string line = $"{bus.NameOf(sent.Ksock)} {verb}{flags} {colours.Name(TerminalText.Of(message.Name))}{colours.Faint($"{id}{about} {Text(sent.DataLength)} B")}{wait}{Outcome(sent)}";
        return message.Data.Length > 0 ? $"{line} {Data(sent)}" : line;
    }

    /// <summary>A latency in the unit in which it is read most easily.</summary>
    internal static string Milliseconds(TimeSpan time) => time.TotalMilliseconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:0} µs"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s"),
    };

    private string Outcome(MessageEvent sent)
    {
        string full = Named(sent, RecipientFate.NoRoom);
        if (sent.Outcome == Errno.EAGAIN)
        {
            return ": " + colours.Odd($"waits for room at {full}");
        }

        if (sent.Outcome != Errno.None)
        {
            return Refusal(sent.Outcome) + (full.Length == 0 ? "" : $", no room at {full}");
        }

        List<string> parts = [];
        Add(parts, sent, RecipientFate.Replier, "to ");
        Add(parts, sent, RecipientFate.Requester, "to ");
        Add(parts, sent, RecipientFate.Listener, sent.Message.IsRequest || sent.Message.IsReply ? "heard by " : "to ");
        Add(parts, sent, RecipientFate.SetAside, "set aside for ");
        string missed = Named(sent, RecipientFate.Missed);
        if (missed.Length > 0)
        {
            parts.Add(colours.Bad($"missed by {missed}"));
        }

        if (sent.RecipientCount > sent.Recipients.Count)
        {
            parts.Add($"and {Text(sent.RecipientCount - sent.Recipients.Count)} more");
        }

        return parts.Count == 0 ? colours.Faint(" to nobody") : " " + string.Join(", ", parts);
    }

    private void Add(List<string> parts, MessageEvent sent, RecipientFate fate, string words)
    {
        string named = Named(sent, fate);
        if (named.Length > 0)
        {
            parts.Add(words + named);
        }
    }

    private string Named(MessageEvent sent, RecipientFate fate)
    {
        uint[] ksocks = [.. sent.Recipients.Where(r => r.Fate == fate).Select(r => r.Ksock)];
        string named = string.Join(" ", ksocks.Take(MostNamed).Select(bus.NameOf));
        return ksocks.Length > MostNamed && !full ? $"{named} and {Text(ksocks.Length - MostNamed)} more" : ksocks.Length > MostNamed ? string.Join(" ", ksocks.Select(bus.NameOf)) : named;
    }

    private string Data(MessageEvent sent)
    {
        int shown = full ? sent.Message.Data.Length : Math.Min(sent.Message.Data.Length, MessageLine.MostData);
        string text = $"'{PrintableData.Of(sent.Message.Data.Span[..shown])}'";
        return shown < sent.DataLength ? $"{text} and {Text(sent.DataLength - shown)} B more" : text;
    }
}

using System.Globalization;

namespace Kbus.Cli;

/// <summary>The lifelines and rows of a sequence diagram, made of events.</summary>
/// <remarks>A lifeline is a Ksock, in the order in which they appear, or the bus itself. Texts have whatever programs sent.</remarks>
/// <param name="bus">What is known of the bus.</param>
internal sealed class SequenceDiagram(MonitoredBus bus)
{
    private const int MostText = 80;
    private const int MostData = 32;

    private readonly List<string> _lifelines = [];
    private readonly List<DiagramRow> _rows = [];
    private readonly Dictionary<uint, int> _places = [];
    private TimeSpan? _first;

    /// <summary>The names of the lifelines, from left to right.</summary>
    public IReadOnlyList<string> Lifelines => _lifelines;

    /// <summary>The rows, from above.</summary>
    public IReadOnlyList<DiagramRow> Rows => _rows;

    /// <summary>The events that follow are of another bus, whose Ksocks are others.</summary>
    public void Clear()
    {
        _places.Clear();
        _first = null;
    }

    /// <summary>Adds an event.</summary>
    public void Add(BusEvent busEvent, AnsweredRequest? answered)
    {
        switch (busEvent)
        {
            case MessageEvent message:
                Add(message, answered);
                break;
            case EventsLostEvent lost:
                _rows.Add(new DiagramRow(null, 0, [], Text($"{lost.Count} events are missing here"), IsBad: true));
                _ = _lifelines.Count > 0 ? 0 : PlaceOf(0);
                break;
            case KsockOpenedEvent opened:
                AddNote(opened, "opens", isBad: false);
                break;
            case KsockClosedEvent closed:
                string end = closed.End switch { KsockEnd.Closed => "closes", KsockEnd.Died => "dies", _ => "is closed" };
                AddNote(closed, end, closed.End != KsockEnd.Closed);
                break;
            case BindingEvent binding:
                string deed = binding.IsBind ? "binds to" : "unbinds from";
                AddNote(binding, $"{deed} {binding.Name}{(binding.IsReplier ? " as replier" : "")}", binding.IsRevoked);
                break;
            case SettingEvent setting:
                AddNote(setting, $"sets {setting.Setting} to {setting.Value.ToString(CultureInfo.InvariantCulture)}", isBad: false);
                break;
            case LimitEvent limit:
                AddNote(limit, $"may hold no more {limit.What}", isBad: true);
                break;
        }
    }

    private static ArrowKind KindOf(MessageEvent sent, RecipientFate fate) => fate switch
    {
        RecipientFate.Missed or RecipientFate.NoRoom => ArrowKind.Missed,
        RecipientFate.Replier => ArrowKind.Request,
        RecipientFate.Requester => sent.Message.Kind == MessageKind.Status ? ArrowKind.Status : ArrowKind.Reply,
        _ => ArrowKind.Heard,
    };

    private static string Text(FormattableString text) => Cut(text.ToString(CultureInfo.InvariantCulture), MostText);

    /// <summary>A text that is no longer than that, and has no half of a character at its end.</summary>
    private static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "...";

    private void Add(MessageEvent sent, AnsweredRequest? answered)
    {
        Message message = sent.Message;
        int from = PlaceOf(sent.Ksock);
        (int To, ArrowKind Kind)[] arrows = [.. sent.Recipients.Select(r => (PlaceOf(r.Ksock), KindOf(sent, r.Fate)))];
        bool isBad = sent.Outcome is not (Errno.None or Errno.EAGAIN)
            || message.Kind == MessageKind.Status
            || arrows.Any(a => a.Kind == ArrowKind.Missed);
        if (arrows.Length == 0)
        {
            // It went to the bus, and no further.
            arrows = [(PlaceOf(0), isBad ? ArrowKind.Missed : ArrowKind.Heard)];
        }

        string outcome = sent.Outcome switch
        {
            Errno.None => sent.RecipientCount == 0 ? ", to nobody" : "",
            Errno.EAGAIN => ", waits for room",
            _ => $", refused: {KbusErrors.Name(sent.Outcome)}",
        };
        string latency = answered is null ? "" : $" after {EventText.Milliseconds(answered.Latency)}";
        string about = answered is null || answered.Name == message.Name ? "" : $" ({Cut(answered.Name, MostData)})";
        ReadOnlySpan<byte> start = message.Data.Span[..Math.Min(message.Data.Length, MostData + 1)];
        string data = start.Length == 0 ? "" : $" '{Cut(PrintableData.Of(start), MostData)}'";
        string id = message.Id == MessageId.None ? "" : $" {message.Id}";
        string text = $"{Cut(message.Name, MostText)}{id}{about}{data}{latency}{outcome}";
        _rows.Add(new DiagramRow(Since(sent.Monotonic), from, arrows, text, isBad));
    }

    private void AddNote(BusEvent happened, string text, bool isBad)
    {
        string refused = happened.Outcome == Errno.None || happened is LimitEvent ? "" : $", refused: {KbusErrors.Name(happened.Outcome)}";
        string shown = Cut(text, MostText) + refused;
        _rows.Add(new DiagramRow(Since(happened.Monotonic), PlaceOf(happened.Ksock), [], shown, isBad || refused.Length > 0));
    }

    private TimeSpan Since(TimeSpan moment) => moment - (_first ??= moment);

    private int PlaceOf(uint ksock)
    {
        if (!_places.TryGetValue(ksock, out int place))
        {
            place = _lifelines.Count;
            _places[ksock] = place;
            _lifelines.Add(Cut(bus.NameOf(ksock), MostData));
        }

        return place;
    }
}

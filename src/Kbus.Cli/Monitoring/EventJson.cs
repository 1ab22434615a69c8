using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kbus.Cli;

/// <summary>An event as one line of JSON.</summary>
/// <param name="bus">What is known of the bus.</param>
/// <param name="form">The form of data; null for hexadecimal without the field that names it.</param>
internal sealed class EventJson(MonitoredBus bus, DataForm? form)
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>The line with its end; valid until the next call.</summary>
    public ReadOnlySpan<byte> Line(BusEvent busEvent, AnsweredRequest? answered)
    {
        _buffer.Clear();
        using (var json = new Utf8JsonWriter(_buffer, Writing))
        {
            json.WriteStartObject();
            json.WriteString("kind", EventKind.Of(busEvent));
            json.WriteNumber("number", busEvent.Number);
            if (busEvent is EventsLostEvent lost)
            {
                json.WriteNumber("count", lost.Count);
            }
            else
            {
                WriteHead(json, busEvent);
                Write(json, busEvent, answered);
            }

            json.WriteEndObject();
        }

        _buffer.Write("\n"u8);
        return _buffer.WrittenSpan;
    }

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private void WriteHead(Utf8JsonWriter json, BusEvent busEvent)
    {
        json.WriteString("time", busEvent.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumber("monotonic_ns", busEvent.Monotonic.Ticks * TimeSpan.NanosecondsPerTick);
        json.WriteNumber("ksock", busEvent.Ksock);
        json.WriteString("program", bus.ProgramOf(busEvent.Ksock));
        json.WriteString("outcome", busEvent.Outcome == Errno.None ? "done" : busEvent.Outcome.ToString());
    }

    private void Write(Utf8JsonWriter json, BusEvent busEvent, AnsweredRequest? answered)
    {
        switch (busEvent)
        {
            case MessageEvent message:
                Write(json, message, answered);
                break;
            case KsockOpenedEvent opened:
                json.WriteNumber("pid", opened.ProcessId);
                json.WriteNumber("uid", opened.UserId);
                json.WriteBoolean("reads", (opened.Mode & KsockMode.Read) != 0);
                json.WriteBoolean("writes", (opened.Mode & KsockMode.Write) != 0);
                break;
            case KsockClosedEvent closed:
                json.WriteString("end", Word(closed.End));
                break;
            case BindingEvent binding:
                json.WriteString("name", binding.Name);
                json.WriteBoolean("replier", binding.IsReplier);
                json.WriteBoolean("revoked", binding.IsRevoked);
                break;
            case SettingEvent setting:
                json.WriteString("setting", setting.Setting);
                json.WriteNumber("value", setting.Value);
                break;
            case LimitEvent limit:
                json.WriteString("what", limit.What);
                json.WriteString("whose", limit.Whose);
                json.WriteNumber("share", limit.Share);
                break;
        }
    }

    private void Write(Utf8JsonWriter json, MessageEvent sent, AnsweredRequest? answered)
    {
        MessageJson.WriteFields(json, sent.Message);
        json.WriteNumber("data_length", sent.DataLength);
        if (sent.Message.Data.Length > 0 && form is { } wanted)
        {
            JsonData.Write(json, sent.Message.Data, wanted);
        }
        else if (sent.Message.Data.Length > 0)
        {
            json.WriteString("data", Convert.ToHexStringLower(sent.Message.Data.Span));
        }

        json.WriteNumber("recipient_count", sent.RecipientCount);
        json.WriteStartArray("recipients");
        foreach (MessageRecipient recipient in sent.Recipients)
        {
            json.WriteStartObject();
            json.WriteNumber("ksock", recipient.Ksock);
            json.WriteString("fate", Word(recipient.Fate));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (answered is not null)
        {
            json.WriteString("answers", answered.Name);
            json.WriteNumber("latency_ns", answered.Latency.Ticks * TimeSpan.NanosecondsPerTick);
        }
    }
}

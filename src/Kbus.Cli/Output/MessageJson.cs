using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kbus.Cli;

/// <summary>A message as one line of JSON: raw numbers, data in lower-case hexadecimal unless another form was asked for, nothing left
/// out.</summary>
/// <remarks>The fields are those of the recorded traces (<c>docs/commands.md</c>), with <c>kind</c> and <c>time</c> before them.</remarks>
/// <param name="time">The source of time.</param>
/// <param name="form">The form of the data; null for hexadecimal without the field that names it.</param>
internal sealed class MessageJson(TimeProvider time, DataForm? form)
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Writes a message down, with the time that it is now.</summary>
    /// <returns>The line with its end; valid until the next call.</returns>
    public ReadOnlySpan<byte> Line(Message message)
    {
        _buffer.Clear();
        using (var json = new Utf8JsonWriter(_buffer, Writing))
        {
            json.WriteStartObject();
            json.WriteString("kind", Word(message.Kind));
            json.WriteString("time", time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            WriteFields(json, message);
            if (form is { } wanted)
            {
                JsonData.Write(json, message.Data, wanted);
            }
            else
            {
                json.WriteString("data", Convert.ToHexStringLower(message.Data.Span));
            }

            json.WriteEndObject();
        }

        _buffer.Write("\n"u8);
        return _buffer.WrittenSpan;
    }

    /// <summary>Writes down that messages are missing at this place.</summary>
    /// <returns>The line with its end; valid until the next call.</returns>
    public ReadOnlySpan<byte> Missed(uint count)
    {
        _buffer.Clear();
        using (var json = new Utf8JsonWriter(_buffer, Writing))
        {
            json.WriteStartObject();
            json.WriteString("kind", "missed");
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        _buffer.Write("\n"u8);
        return _buffer.WrittenSpan;
    }

    /// <summary>Writes the fields of a message, without its data.</summary>
    public static void WriteFields(Utf8JsonWriter json, Message message)
    {
        WritePair(json, "id", message.Id.NetworkId, message.Id.SerialNumber);
        WritePair(json, "in_reply_to", message.InReplyTo.NetworkId, message.InReplyTo.SerialNumber);
        json.WriteNumber("to", message.To);
        json.WriteNumber("from", message.From);
        WritePair(json, "orig_from", message.OrigFrom.NetworkId, message.OrigFrom.LocalId);
        WritePair(json, "final_to", message.FinalTo.NetworkId, message.FinalTo.LocalId);
        json.WriteNumber("extra", message.Extra);
        json.WriteNumber("flags", (uint)message.Flags);
        json.WriteString("name", message.Name);
    }

    /// <summary>The word for a kind of message.</summary>
    public static string Word(MessageKind kind) => kind switch
    {
        MessageKind.Request => "request",
        MessageKind.Reply => "reply",
        MessageKind.Status => "status",
        MessageKind.ReplierBindEvent => "replier_bind_event",
        _ => "announcement",
    };

    private static void WritePair(Utf8JsonWriter json, string name, uint first, uint second)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(first);
        json.WriteNumberValue(second);
        json.WriteEndArray();
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Kbus.Cli;

/// <summary>Writes the data of a message into a line of JSON, in the form that was asked for as far as the data allows it.</summary>
internal static class JsonData
{
    /// <summary>Writes the field <c>data</c>, and <c>data_form</c>, which says how to read it.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlyMemory<byte> data, DataForm wanted)
    {
        DataForm form = wanted;
        if (wanted == DataForm.Json)
        {
            if (TryWriteJson(json, data))
            {
                return;
            }

            form = DataForm.Auto;
        }

        ReadOnlySpan<byte> bytes = data.Span;
        switch (form)
        {
            case DataForm.Base64:
                json.WriteString("data", Convert.ToBase64String(bytes));
                break;
            case DataForm.Text when Utf8.IsValid(bytes):
            case DataForm.Auto when IsPrintable(bytes):
                form = DataForm.Text;
                json.WriteString("data", bytes);
                break;
            default:
                form = DataForm.Hex;
                json.WriteString("data", Convert.ToHexStringLower(bytes));
                break;
        }

        json.WriteString("data_form", Word(form));
    }

    /// <summary>The word for a form, on the command line and in the JSON.</summary>
    public static string Word(DataForm form) => form switch
    {
        DataForm.Text => "text",
        DataForm.Hex => "hex",
        DataForm.Base64 => "base64",
        DataForm.Json => "json",
        _ => "auto",
    };

    private static bool TryWriteJson(Utf8JsonWriter json, ReadOnlyMemory<byte> data)
    {
        try
        {
            // Parsed and written again, because it may have ends of line, and each message is one line.
            using JsonDocument document = JsonDocument.Parse(data);
            json.WritePropertyName("data");
            document.RootElement.WriteTo(json);
            json.WriteString("data_form", Word(DataForm.Json));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>UTF-8 without control characters, but for tabs and ends of line: bytes that happen to be UTF-8 are mostly no
    /// text.</summary>
    private static bool IsPrintable(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(data, out Rune rune, out int length) != System.Buffers.OperationStatus.Done
                || (Rune.IsControl(rune) && rune.Value is not '\t' and not '\n' and not '\r'))
            {
                return false;
            }

            data = data[length..];
        }

        return true;
    }
}

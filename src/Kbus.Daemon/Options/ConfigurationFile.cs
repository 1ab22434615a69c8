using System.Text.Json;

namespace Kbus.Daemon;

/// <summary>The configuration file: one JSON object, comments and trailing commas allowed, whose names are the options without their dashes.</summary>
internal static class ConfigurationFile
{
    /// <summary>Reads the settings in a file.</summary>
    /// <exception cref="KbusdException">It cannot be read, or makes no sense; the message says where.</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string path, Func<string, string> readFile)
    {
        try
        {
            var reading = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            using JsonDocument document = JsonDocument.Parse(readFile(path), reading);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new KbusdException($"{path}: it should be one JSON object, such as {{ \"buses\": 4 }}.");
            }

            return [.. document.RootElement.EnumerateObject().Select(p => (p.Name, Text(path, p)))];
        }
        catch (JsonException e)
        {
            throw new KbusdException($"{path}, line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: it is not JSON there, also if comments are left out.");
        }
        catch (InvalidOperationException)
        {
            throw new KbusdException($"{path}: a text in it has an escape that is no character.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KbusdException($"{path}: it cannot be read: {ServingDirectory.Words(e)}.");
        }
    }

    private static string Text(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new KbusdException($"{path}: {property.Name} should be a number, a text, true or false."),
    };
}

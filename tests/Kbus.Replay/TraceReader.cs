using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kbus.Replay;

/// <summary>Reads traces from a file, a folder (with its sub-folders), or an archive <c>*.tar.br</c>.</summary>
internal static class TraceReader
{
    /// <summary>How traces are written: names readable, not escaped for web pages.</summary>
    public static JsonSerializerOptions Shown { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>All traces at <paramref name="path"/>, in order of their file names.</summary>
    public static IReadOnlyList<Trace> Read(string path) => [.. ReadTexts(path).Select(t => Parse(t.File, t.Text))];

    /// <summary>The traces at <paramref name="path"/> as they stand there, by their file names.</summary>
    public static IReadOnlyList<(string File, string Text)> ReadTexts(string path)
    {
        IEnumerable<(string File, string Text)> texts =
            Directory.Exists(path) ? FromFolder(path)
            : path.EndsWith(".tar.br", StringComparison.Ordinal) ? FromArchive(path)
            : [(Path.GetFileName(path), File.ReadAllText(path))];
        return [.. texts.OrderBy(t => t.File, StringComparer.Ordinal)];
    }

    /// <summary>Reads one trace.</summary>
    public static Trace Parse(string file, string text)
    {
        TraceMeta? meta = null;
        var operations = new List<TraceOperation>();
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
            {
                continue;
            }

            try
            {
                JsonObject content = JsonNode.Parse(line.ToString())!.AsObject();
                if (meta is null)
                {
                    meta = TraceMeta.Read(content["meta"]!.Deserialize<JsonElement>());
                    continue;
                }

                operations.Add(new TraceOperation(number, content["op"]!.GetValue<string>(), content, content["result"]!.AsObject()));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or KeyNotFoundException)
            {
                throw new FormatException($"{file}:{number}: not a line of a trace ({e.Message})", e);
            }
        }

        return new Trace(file, meta ?? throw new FormatException($"{file}: empty"), operations);
    }

    private static IEnumerable<(string File, string Text)> FromFolder(string folder) =>
        Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories)
            .Select(f => (Path.GetRelativePath(folder, f), File.ReadAllText(f)));

    private static IEnumerable<(string File, string Text)> FromArchive(string path)
    {
        using var unpacked = new BrotliStream(File.OpenRead(path), CompressionMode.Decompress);
        using var archive = new TarReader(unpacked);
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile, DataStream: { } stream })
            {
                using var text = new StreamReader(stream);
                yield return (entry.Name, text.ReadToEnd());
            }
        }
    }
}

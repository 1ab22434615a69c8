using System.Text.Json;

namespace Kbus.Cli;

/// <summary>What a daemon says of itself, read from its status document.</summary>
/// <param name="Version">The daemon's version.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Directory">Where its sockets are.</param>
/// <param name="Memory">Bytes of memory that it has in use.</param>
/// <param name="Buses">Its buses, by number.</param>
/// <param name="Missing">Buses that did not answer in time, or ended while they were asked.</param>
internal sealed record DaemonStatus(
    string Version, long ProcessId, string Directory, long Memory, IReadOnlyList<BusStatus> Buses, IReadOnlyList<uint> Missing)
{
    /// <summary>For how many seconds it has been serving.</summary>
    public double Uptime { get; init; }

    /// <summary>The processor time that it has used, in seconds.</summary>
    public double ProcessorTime { get; init; }

    /// <summary>Buses that the policy does not let this user see.</summary>
    public IReadOnlyList<uint> Withheld { get; init; } = [];

    /// <summary>Whether a status document begins so.</summary>
    public static bool Begins(ReadOnlySpan<byte> piece) => piece.StartsWith("{\"version\""u8);

    /// <summary>Throws if a daemon answered with an error, and not with a document.</summary>
    /// <exception cref="CommandException">It did; the message says which.</exception>
    public static void ThrowIfError(ReadOnlyMemory<byte> document)
    {
        if (document.Span.StartsWith("{\"error\""u8))
        {
            using JsonDocument json = JsonDocument.Parse(document);
            ThrowIfError(json.RootElement);
        }
    }

    /// <summary>Reads a status document. What an older or newer daemon does not say is 0 or empty.</summary>
    /// <exception cref="CommandException">It is none, or an error; the message says which.</exception>
    public static DaemonStatus Read(ReadOnlyMemory<byte> document)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(document);
            JsonElement root = json.RootElement;
            ThrowIfError(root);
            return new DaemonStatus(
                root.Text("version"), root.Number("pid"), root.Text("runtime_dir"), root.Number("memory"),
                [.. root.Items("buses").Select(BusStatus.Read)],
                [.. root.Items("missing").Select(m => m.GetUInt32())])
            {
                Uptime = root.TryGetProperty("uptime_seconds", out JsonElement uptime) ? uptime.GetDouble() : 0,
                ProcessorTime = root.TryGetProperty("processor_seconds", out JsonElement processor) ? processor.GetDouble() : 0,
                Withheld = [.. root.Items("withheld").Select(m => m.GetUInt32())],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new CommandException(ExitCode.NoBus, "what answers is not a kbusd, or one of another release: its answer is no status document.", e);
        }
    }

    private static void ThrowIfError(JsonElement root)
    {
        if (root.Text("error") is { Length: > 0 } error)
        {
            throw new CommandException(ExitCode.NoBus, $"the kbusd does not tell its status: {TerminalText.Of(error)}");
        }
    }
}

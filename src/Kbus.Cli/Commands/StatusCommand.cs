using System.Text.Json;

namespace Kbus.Cli;

/// <summary><c>kbus status</c>: what a daemon says of its buses, for people or as the daemon's own document.</summary>
internal static class StatusCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        byte[] document = DaemonQuestion.Status(DaemonPlaces.Find(arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable));
        DaemonStatus status = DaemonStatus.Read(document);
        uint? bus = arguments.Number(Options.Bus);
        if (bus is { } number && status.Buses.All(b => b.Number != number))
        {
            throw new CommandException(ExitCode.NoBus, status.Missing.Contains(number)
                ? $"bus {bus} in {status.Directory} did not answer in time: it is very busy. Try again."
                : $"there is no bus {bus} in {status.Directory}. There is: {string.Join(", ", status.Buses.Select(b => b.Number))}.");
        }

        if (arguments.Has(Options.JsonDocument))
        {
            Print(invocation.Output, document, bus);
        }
        else
        {
            DaemonStatus shown = bus is null ? status : status with { Buses = [.. status.Buses.Where(b => b.Number == bus)], Missing = [] };
            foreach (string line in StatusText.Lines(shown))
            {
                invocation.Output.WriteLine(line);
            }
        }

        return ExitCode.Done;
    }

    /// <summary>The document as it came; or, if one bus was asked for, without the others.</summary>
    private static void Print(LineOutput output, byte[] document, uint? bus)
    {
        if (bus is null)
        {
            output.Write([.. document, (byte)'\n']);
            return;
        }

        var buffer = new MemoryStream();
        using JsonDocument json = JsonDocument.Parse(document);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty field in json.RootElement.EnumerateObject())
            {
                if (field.Name != "buses")
                {
                    field.WriteTo(writer);
                    continue;
                }

                writer.WriteStartArray("buses");
                foreach (JsonElement one in field.Value.EnumerateArray().Where(b => b.Number("bus") == bus))
                {
                    one.WriteTo(writer);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        output.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}

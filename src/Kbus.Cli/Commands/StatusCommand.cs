using System.Text.Json;

namespace Kbus.Cli;

/// <summary><c>kbus status</c>: what a daemon says of its buses, for people or as the daemon's own document.</summary>
internal static class StatusCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation) =>
        invocation.Arguments.Has(Options.Again) ? Repetition.Run(invocation, () => _ = Show(invocation)) : Show(invocation);

    private static int Show(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        uint? bus = arguments.Number(Options.Bus);
        if (arguments.Has(Options.Charges))
        {
            return ShowCharges(invocation, bus);
        }

        if (arguments.Has(Options.OnlyLimpets))
        {
            return ShowLimpets(invocation, bus);
        }

        var filter = new KsockFilter(arguments.Text(Options.Name), arguments.Text(Options.Program), arguments.Text(Options.User));
        IReadOnlyList<string> places = DaemonPlaces.Find(arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable);
        if (arguments.Has(Options.JsonDocument) && bus is null && filter.ShowsAll)
        {
            Copy(places, invocation.Output);
            return ExitCode.Done;
        }

        byte[] document = DaemonQuestion.Status(places);
        DaemonStatus status = DaemonStatus.Read(document);
        if (bus is { } hidden && status.Withheld.Contains(hidden))
        {
            throw new CommandException(ExitCode.Failed, $"EPERM: the policy of the kbusd in {status.Directory} does not let this user see bus {bus}.");
        }

        if (bus is { } number && status.Buses.All(b => b.Number != number))
        {
            throw new CommandException(ExitCode.NoBus, status.Missing.Contains(number)
                ? $"bus {bus} in {status.Directory} did not answer in time: it is very busy. Try again."
                : $"there is no bus {bus} in {status.Directory}. There is: {string.Join(", ", status.Buses.Select(b => b.Number))}.");
        }

        if (arguments.Has(Options.JsonDocument))
        {
            Print(invocation.Output, document, bus, filter);
        }
        else
        {
            DaemonStatus shown = bus is null ? status : status with { Buses = [.. status.Buses.Where(b => b.Number == bus)], Missing = [], Withheld = [] };
            bool isTraffic = arguments.Has(Options.Traffic);
            foreach (string line in isTraffic ? new TrafficText(filter, invocation.Width).Lines(shown) : new StatusText(filter, invocation.Width).Lines(shown))
            {
                invocation.Output.WriteLine(line);
            }

            // Whoever asks for some Ksocks does not ask for links.
            if (filter.ShowsAll && !isTraffic)
            {
                Print(invocation, LimpetSight.Ask(invocation), bus);
            }
        }

        return ExitCode.Done;
    }

    /// <summary>The Limpets that run here, and their links. They need no daemon to answer.</summary>
    private static int ShowLimpets(Invocation invocation, uint? bus)
    {
        IReadOnlyList<LimpetAnswer> answers = LimpetSight.Ask(invocation);
        if (!invocation.Arguments.Has(Options.JsonDocument))
        {
            Print(invocation, answers, bus);
            return ExitCode.Done;
        }

        foreach (LimpetAnswer answer in answers.Where(a => a.Status is not null))
        {
            invocation.Output.Write([.. answer.Document, (byte)'\n']);
        }

        return ExitCode.Done;
    }

    private static void Print(Invocation invocation, IReadOnlyList<LimpetAnswer> answers, uint? bus)
    {
        foreach (string line in new LimpetText(invocation.Width).Lines(answers, bus))
        {
            invocation.Output.WriteLine(line);
        }
    }

    /// <summary>The amounts that users and processes hold.</summary>
    private static int ShowCharges(Invocation invocation, uint? bus)
    {
        byte[] document = DaemonQuestion.Charges(DaemonPlaces.Find(invocation.Arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable));
        DaemonStatus.ThrowIfError(document);
        if (invocation.Arguments.Has(Options.JsonDocument))
        {
            invocation.Output.Write([.. document, (byte)'\n']);
            return ExitCode.Done;
        }

        using JsonDocument report = JsonDocument.Parse(document);
        foreach (string line in new ChargesText(bus, invocation.Width).Lines(report.RootElement))
        {
            invocation.Output.WriteLine(line);
        }

        return ExitCode.Done;
    }

    /// <summary>Prints the document as it comes: of a big bus it is long, and nobody need wait for its end.</summary>
    private static void Copy(IReadOnlyList<string> places, LineOutput output)
    {
        bool hasBegun = false;
        DaemonQuestion.Status(places, piece =>
        {
            if (!hasBegun && !DaemonStatus.Begins(piece))
            {
                // Says what it is instead.
                _ = DaemonStatus.Read(DaemonQuestion.Allowed(piece.ToArray()));
            }

            hasBegun = true;
            output.Write(piece);
        });
        output.Write("\n"u8);
    }

    /// <summary>The document without the buses and Ksocks that were not asked for.</summary>
    private static void Print(LineOutput output, byte[] document, uint? bus, KsockFilter filter)
    {
        var buffer = new MemoryStream();
        using JsonDocument json = JsonDocument.Parse(document);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            WriteSome(writer, json.RootElement, "buses", b => bus is null || b.Number("bus") == bus, one =>
                WriteSome(writer, one, "ksocks", k => filter.Shows(KsockStatus.Read(k)), k => k.WriteTo(writer)));
        }

        buffer.WriteByte((byte)'\n');
        output.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    /// <summary>Writes an object as it is, but of one of its lists only some entries.</summary>
    private static void WriteSome(Utf8JsonWriter writer, JsonElement whole, string list, Func<JsonElement, bool> isWanted, Action<JsonElement> write)
    {
        writer.WriteStartObject();
        foreach (JsonProperty field in whole.EnumerateObject())
        {
            if (field.Name != list)
            {
                field.WriteTo(writer);
                continue;
            }

            writer.WriteStartArray(list);
            foreach (JsonElement one in field.Value.EnumerateArray().Where(isWanted))
            {
                write(one);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}

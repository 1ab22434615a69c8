namespace Kbus.Cli;

/// <summary><c>kbus diagram</c>: a sequence diagram of a recording, as SVG or in the language of Mermaid.</summary>
internal static class DiagramCommand
{
    // More make a diagram that nobody reads.
    private const uint UsualCount = 200;

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        string path = arguments.Operands[0];
        var filter = new EventFilter(arguments, [.. arguments.Operands.Skip(1)]);
        var limit = new StreamLimit(invocation, UsualCount);
        using RecordingReader reader = RecordingReader.Open(invocation, path, arguments.Has(Options.WithData));
        var bus = new MonitoredBus(reader.ProgramOf);
        var diagram = new SequenceDiagram(bus);
        bool isCut = false;
        while (!isCut && reader.TryNext(out BusEvent? busEvent))
        {
            if (reader.IsNew)
            {
                bus.Clear();
                diagram.Clear();
            }

            AnsweredRequest? answered = bus.Note(busEvent);
            if (filter.Shows(busEvent, answered, bus))
            {
                isCut = limit.IsReached;
                if (!isCut)
                {
                    limit.Step();
                    diagram.Add(busEvent, answered);
                }
            }

            bus.Forget(busEvent);
        }

        Write(invocation, diagram, path);
        if (isCut)
        {
            invocation.Note($"the diagram has the first {limit.Seen} events. Choose others by names and options, or more of them by -n.");
            return ExitCode.Done;
        }

        return ShowCommand.Tell(invocation, reader);
    }

    private static void Write(Invocation invocation, SequenceDiagram diagram, string path)
    {
        IEnumerable<string> lines = invocation.Arguments.Has(Options.Mermaid)
            ? MermaidDiagram.Lines(diagram)
            : new SvgDiagram(diagram, $"What happened on a bus, from {path}").Lines();
        invocation.Output.Hold();
        foreach (string line in lines)
        {
            invocation.Output.WriteLine(line);
        }

        invocation.Output.Release();
    }
}

namespace Kbus.Cli;

/// <summary><c>kbus top</c>: the busiest Ksocks and names of a bus, again and again.</summary>
internal static class TopCommand
{
    private const uint UsualRows = 10;

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        string order = arguments.Text(Options.Sort) ?? TopText.Orders[0];
        if (!TopText.Orders.Contains(order))
        {
            throw CommandException.Usage($"{Options.Sort}: '{order}' is none of {string.Join(", ", TopText.Orders)}.", invocation.Verb);
        }

        uint number = arguments.Number(Options.Bus) ?? 0;
        var text = new TopText(order, (int)Math.Min(arguments.Number(Options.Rows, least: 1) ?? UsualRows, int.MaxValue));
        var filter = new KsockFilter(arguments.Text(Options.Name), arguments.Text(Options.Program), arguments.Text(Options.User));
        (BusStatus before, long since) = Ask(invocation, number, filter);
        Pause.For(invocation, arguments.Seconds(Options.Interval) ?? TimeSpan.FromSeconds(1));
        return Repetition.Run(invocation, () =>
        {
            (BusStatus now, long at) = Ask(invocation, number, filter);

            // The clock of this process. Two questions in one moment are no reason to divide by nothing.
            double seconds = Math.Max(0.000_001, invocation.Time.GetElapsedTime(since, at).TotalSeconds);
            foreach (string line in text.Lines(before, now, seconds))
            {
                invocation.Output.WriteLine(line);
            }

            (before, since) = (now, at);
        });
    }

    private static (BusStatus Bus, long At) Ask(Invocation invocation, uint number, KsockFilter filter)
    {
        BusStatus bus = BusStatus.Ask(invocation, number);
        return (bus with { Ksocks = [.. bus.Ksocks.Where(filter.Shows)], Names = [.. bus.Names.Where(filter.Shows)] }, invocation.Time.GetTimestamp());
    }
}

namespace Kbus.Cli;

/// <summary>The limit of a stream of messages: a count (<c>-n</c>), a time (<c>--for</c>), both, or neither.</summary>
internal sealed class StreamLimit
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan? _for;

    /// <summary>Begins to count and to measure.</summary>
    /// <param name="invocation">Has the options.</param>
    /// <param name="count">The count if none is given; null for endless.</param>
    /// <exception cref="CommandException">The options make no sense.</exception>
    public StreamLimit(Invocation invocation, uint? count = null)
    {
        _time = invocation.Time;
        Count = invocation.Arguments.Number(Options.Count, least: 1) ?? count;
        _for = invocation.Arguments.Seconds(Options.For);
        _start = _time.GetTimestamp();
    }

    /// <summary>After how many messages it ends; null for never.</summary>
    public uint? Count { get; }

    /// <summary>The number of messages so far.</summary>
    public uint Seen { get; private set; }

    /// <summary>Whether there have been enough.</summary>
    public bool IsReached => Seen >= Count;

    /// <summary>The number of messages still to come; null for no end.</summary>
    public uint? Remaining => Count - Seen;

    /// <summary>The time that is left; null for ever, never negative.</summary>
    public TimeSpan? Left
    {
        get
        {
            TimeSpan? left = _for - _time.GetElapsedTime(_start);
            return left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }

    /// <summary>There has been one more.</summary>
    public void Step() => Seen++;

    /// <summary>The shorter of the time that is left and another limit; null means for ever in both.</summary>
    public TimeSpan? LeftAtMost(TimeSpan? other) => Left is { } left && (other is null || left < other) ? left : other;

    /// <summary>The exit code when the time has run out, and why.</summary>
    public CommandException TimeOut() =>
        new(ExitCode.TimedOut, Count is null ? "" : $"the time (--for) ran out after {Seen} of {Count} messages.");
}

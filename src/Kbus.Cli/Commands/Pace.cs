namespace Kbus.Cli;

/// <summary>How fast the play goes: at once, slowly enough to be watched (<c>--slow</c>), or at each Enter (<c>--step</c>).</summary>
internal sealed class Pace : IDisposable
{
    private static readonly TimeSpan OfSlow = TimeSpan.FromSeconds(1);

    private readonly Invocation _invocation;
    private readonly bool _isSlow;
    private InputMessages? _steps;

    /// <summary>Makes the pace that the options ask for.</summary>
    /// <exception cref="CommandException">They contradict each other.</exception>
    public Pace(Invocation invocation)
    {
        invocation.Arguments.NotBoth(Options.Slow, Options.Step);
        _invocation = invocation;
        _isSlow = invocation.Arguments.Has(Options.Slow);
        if (invocation.Arguments.Has(Options.Step))
        {
            const int longest = 65536;
            _steps = new InputMessages(invocation.Ending, invocation.OpenInput, "standard input", (byte)'\n', longest);
            invocation.Note("press Enter for each next line, Ctrl-C to end.");
        }
    }

    /// <summary>The time limit of a play of so many lines.</summary>
    /// <param name="usual">The time limit without pauses.</param>
    /// <param name="lines">The number of its lines.</param>
    public TimeSpan Limit(TimeSpan usual, int lines) => _steps is not null ? Timeout.InfiniteTimeSpan : _isSlow ? usual + (lines * OfSlow) : usual;

    /// <summary>Waits before the next line. When the input has ended nothing is waited for any more.</summary>
    /// <exception cref="OperationCanceledException">A signal came.</exception>
    public void Wait()
    {
        if (_isSlow)
        {
            Pause.For(_invocation, OfSlow);
        }
        else if (_steps is not null && _steps.TryNext(null, out byte[]? entered) && entered is null)
        {
            Dispose();
        }
    }

    /// <summary>Nobody waits any more.</summary>
    public void Dispose()
    {
        _steps?.Dispose();
        _steps = null;
    }
}

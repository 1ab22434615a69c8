using System.Globalization;

namespace Kbus.Cli;

/// <summary>When each message of a recording is sent again: as recorded, faster, as fast as possible, or at each Enter.</summary>
internal sealed class ReplayPace : IDisposable
{
    private const double Slowest = 0.001;
    private const double Fastest = 1_000_000;

    private readonly Invocation _invocation;
    private readonly Pace _steps;
    private readonly double _speed;
    private readonly bool _isTimed;
    private long _began;
    private TimeSpan? _first;

    /// <summary>Reads the options.</summary>
    /// <exception cref="CommandException">They make no sense.</exception>
    public ReplayPace(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        arguments.NotBoth(Options.Speed, Options.Fast);
        arguments.NotBoth(Options.Speed, Options.Step);
        arguments.NotBoth(Options.Fast, Options.Step);
        _invocation = invocation;
        _isTimed = !arguments.Has(Options.Fast) && !arguments.Has(Options.Step);
        string speed = arguments.Text(Options.Speed) ?? "1";
        bool isNumber = double.TryParse(speed, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _speed);
        if (!isNumber || _speed is not (>= Slowest and <= Fastest))
        {
            throw CommandException.Usage(
                $"{Options.Speed}: '{speed}' is not a number from {Slowest} to {Fastest}, such as 10 or 0.5.", invocation.Verb);
        }

        _steps = new Pace(invocation);
    }

    /// <summary>The next message is the first again.</summary>
    public void Restart() => _first = null;

    /// <summary>How long until a message is due; zero or less if it is due now.</summary>
    /// <param name="moment">When it was recorded.</param>
    public TimeSpan Until(TimeSpan moment)
    {
        if (!_isTimed)
        {
            return TimeSpan.Zero;
        }

        if (_first is null)
        {
            _first = moment;
            _began = _invocation.Time.GetTimestamp();
        }

        // A recording from a stranger may have any times.
        double due = Math.Clamp((moment - _first.Value).TotalSeconds / _speed, 0, TimeSpan.FromDays(365).TotalSeconds);
        return TimeSpan.FromSeconds(due) - _invocation.Time.GetElapsedTime(_began);
    }

    /// <summary>Waits for Enter, with <c>--step</c>.</summary>
    public void Step() => _steps.Wait();

    /// <summary>Nobody waits any more.</summary>
    public void Dispose() => _steps.Dispose();
}

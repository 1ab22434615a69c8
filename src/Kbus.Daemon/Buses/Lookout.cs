using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>A bus's spin for commands before it sleeps: an <see cref="AdaptiveSpin"/> that begins and ends by itself. One thread calls.</summary>
/// <param name="processors">The number of processors of the machine.</param>
internal sealed class Lookout(int processors)
{
    private static readonly SpinRules Rules = new()
    {
        // Measured: a sleeping processor takes 40 to 80 us to wake. A process that slept for an answer sends its next command after that
        // time. If the bus is still awake then, the next answer comes before the process sleeps.
        Least = 100_000,

        // Measured: a Request to another bus and its Reply pass six sleepers. While both buses spin, no processor sleeps meanwhile, and it
        // takes 230 us instead of 430.
        Most = 500_000,
        WhileBusy = 0,
        Preemption = 200_000,
        KeptPercent = 75,
        IsEager = false,
        PauseIterations = 4,
    };

    private readonly AdaptiveSpin _adaptive = new(Rules, processors);
    private AdaptiveSpin.Spin _spin;
    private bool _isSpinning;

    /// <summary>No command has come. Pauses before the next poll, if there should be one.</summary>
    /// <param name="now">The time, in nanoseconds.</param>
    /// <returns>False to sleep.</returns>
    public bool TryRest(long now)
    {
        if (!_isSpinning && !_adaptive.TryBegin(now, out _spin))
        {
            return false;
        }

        _isSpinning = true;
        return _adaptive.Pause(ref _spin, now);
    }

    /// <summary>A command has come. The next spin starts from zero.</summary>
    public void Found() => End(found: true);

    /// <summary>The bus goes to sleep.</summary>
    public void GaveUp() => End(found: false);

    private void End(bool found)
    {
        if (_isSpinning)
        {
            _isSpinning = false;
            _adaptive.Ended(_spin, found);
        }
    }
}

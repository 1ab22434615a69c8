namespace Kbus.Limpets;

/// <summary>How many probes a peer may send: 64 at once, then 16 a second. They pass whatever names are allowed.</summary>
/// <remarks>A ring needs a few. A peer that sends more floods the listeners to everything. Any thread may call.</remarks>
/// <param name="time">The source of time.</param>
internal sealed class ProbeAllowance(TimeProvider time)
{
    private const int Most = 64;
    private const int EachSecond = 16;
    private readonly Lock _lock = new();
    private double _left = Most;
    private long _since = time.GetTimestamp();

    /// <summary>Takes one.</summary>
    /// <returns>False if there were too many.</returns>
    public bool TryTake()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(Most, _left + (time.GetElapsedTime(_since, now).TotalSeconds * EachSecond));
            _since = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}

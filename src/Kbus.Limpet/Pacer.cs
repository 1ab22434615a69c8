namespace Kbus.Limpets;

/// <summary>Lets so many messages a second pass, in the mean. After more have passed at once, the next ones wait. One thread uses
/// it.</summary>
/// <param name="each">Messages a second.</param>
/// <param name="time">The source of time.</param>
internal sealed class Pacer(int each, TimeProvider time)
{
    private double _left = each;
    private long _since = time.GetTimestamp();

    /// <summary>Some messages have passed.</summary>
    /// <param name="count">Their number.</param>
    /// <returns>The time until the next ones may.</returns>
    public TimeSpan Spend(int count)
    {
        long now = time.GetTimestamp();
        _left = Math.Min(each, _left + (time.GetElapsedTime(_since, now).TotalSeconds * each)) - count;
        _since = now;
        return _left >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_left / each);
    }
}

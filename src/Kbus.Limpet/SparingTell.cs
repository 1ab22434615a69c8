namespace Kbus.Limpets;

/// <summary>Passes sentences on to a person, up to a limited rate: a thousand equal lines say nothing.</summary>
/// <remarks>Of many at once the first fifty pass, then one each second, with the number of those left out. Any thread may call.</remarks>
/// <param name="tell">Receives them.</param>
/// <param name="time">The source of time.</param>
internal sealed class SparingTell(Action<LimpetLogLevel, string> tell, TimeProvider time)
{
    private const int Most = 50;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private int _left = Most;
    private long _since = time.GetTimestamp();
    private long _leftOut;

    /// <summary>Passes a sentence on, or only counts it.</summary>
    /// <param name="level">How much it matters.</param>
    /// <param name="sentence">The sentence.</param>
    public void Tell(LimpetLogLevel level, string sentence)
    {
        long leftOut;
        lock (_lock)
        {
            long more = time.GetElapsedTime(_since).Ticks / Each.Ticks;
            if (more > 0)
            {
                _left = (int)Math.Min(Most, _left + more);
                _since = time.GetTimestamp();
            }

            if (_left == 0)
            {
                _leftOut++;
                return;
            }

            _left--;
            (leftOut, _leftOut) = (_leftOut, 0);
        }

        tell(level, leftOut == 0 ? sentence : $"{sentence} ({leftOut} lines like this were left out.)");
    }
}

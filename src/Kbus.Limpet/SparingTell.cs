namespace Kbus.Limpets;

/// <summary>Passes sentences on to a person, but not without end: who says the same thing a thousand times says nothing.</summary>
/// <remarks>Of many at once the first fifty are told, then one each second; and with it how many were left out. Any thread may call.</remarks>
/// <param name="tell">Hears them.</param>
/// <param name="time">Tells the time.</param>
internal sealed class SparingTell(Action<string> tell, TimeProvider time)
{
    private const int Most = 50;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private int _left = Most;
    private long _since = time.GetTimestamp();
    private long _leftOut;

    /// <summary>Tells a sentence, or counts it only.</summary>
    public void Tell(string sentence)
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

        tell(leftOut == 0 ? sentence : $"{sentence} ({leftOut} lines like this were left out.)");
    }
}

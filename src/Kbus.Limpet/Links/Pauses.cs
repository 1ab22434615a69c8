namespace Kbus.Limpets;

/// <summary>The pauses between tries: each twice as long, up to a limit, with some chance in it, so that many do not come at
/// once.</summary>
internal sealed class Pauses
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private TimeSpan _next = First;

    /// <summary>The next pause.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _next * (0.75 + (Random.Shared.NextDouble() / 2));
        _next = TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, Longest.Ticks));
        return pause;
    }

    /// <summary>Begins with the shortest again, since it went well for a while.</summary>
    public void Reset() => _next = First;
}

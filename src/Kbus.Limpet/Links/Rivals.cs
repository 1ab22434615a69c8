namespace Kbus.Limpets;

/// <summary>Distinguishes one peer that comes again from two with one network id that push each other out.</summary>
/// <remarks>A peer whose connection broke before that was noticed here comes again once; two peers go on and on. One thread at a
/// time.</remarks>
/// <param name="time">The source of time.</param>
internal sealed class Rivals(TimeProvider time)
{
    private const int Most = 3;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);
    private readonly Queue<long> _lately = [];

    /// <summary>Somebody comes while there is a link with a peer of the same network id.</summary>
    /// <returns>Whether that link is to make room: not if there has been no end of it lately.</returns>
    public bool MayTakeOver()
    {
        while (_lately.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > Memory)
        {
            _lately.Dequeue();
        }

        bool may = _lately.Count < Most;
        if (!may)
        {
            _lately.Dequeue();
        }

        _lately.Enqueue(time.GetTimestamp());
        return may;
    }
}

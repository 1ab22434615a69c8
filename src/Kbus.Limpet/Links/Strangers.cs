namespace Kbus.Limpets;

/// <summary>The connections whose other side has not greeted yet: so many at most.</summary>
/// <remarks>
/// Who connects and says nothing must keep nobody out. So every connection is taken; when there are too many, the oldest of the address
/// that has the most goes, but not before it has had time to greet. Any thread may call.
/// </remarks>
/// <param name="time">The source of time.</param>
/// <param name="most">The most that may be kept.</param>
internal sealed class Strangers(TimeProvider time, int most)
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private readonly List<Stranger> _all = [];
    private readonly Lock _lock = new();

    /// <summary>The most that may be kept.</summary>
    public int Most => most;

    /// <summary>Takes one more, which another may have to make room for.</summary>
    /// <param name="stranger">It; its connection is closed if this fails.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It was crowded out elsewhere before it had room here.</exception>
    public async Task AddAsync(Stranger stranger, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // It may have had to go while it waited: others wait where it came from, too.
                if (stranger.IsCrowdedOut)
                {
                    throw new IOException("It had to make room.");
                }

                TimeSpan wait;
                lock (_lock)
                {
                    wait = MakeRoom();
                    if (wait <= TimeSpan.Zero)
                    {
                        stranger.Since = time.GetTimestamp();
                        _all.Add(stranger);
                        return;
                    }
                }

                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            stranger.Socket.Dispose();
            throw;
        }
    }

    /// <summary>One has greeted, or has gone.</summary>
    public void Remove(Stranger stranger)
    {
        lock (_lock)
        {
            _all.Remove(stranger);
        }
    }

    /// <summary>Makes room for one more.</summary>
    /// <returns>The time to wait for it first.</returns>
    private TimeSpan MakeRoom()
    {
        if (_all.Count < most)
        {
            return TimeSpan.Zero;
        }

        // They are in the order of their arrival.
        Stranger oldest = _all.GroupBy(s => s.Address).MaxBy(a => a.Count())!.First();
        TimeSpan wait = Grace - time.GetElapsedTime(oldest.Since);
        if (wait <= TimeSpan.Zero)
        {
            _all.Remove(oldest);
            oldest.CrowdOut();
        }

        return wait;
    }
}

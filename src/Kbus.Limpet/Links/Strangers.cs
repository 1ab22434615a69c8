using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>The connections whose other side has not greeted yet: so many at most, for each holds a thread.</summary>
/// <remarks>
/// Who connects and says nothing must keep nobody out. So every connection is taken; when there are too many, the oldest of the address
/// that has the most goes, but not before it has had time to greet. Any thread may call.
/// </remarks>
/// <param name="time">The source of time.</param>
internal sealed class Strangers(TimeProvider time)
{
    /// <summary>The most that may be kept.</summary>
    public const int Most = 64;

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private readonly List<Stranger> _all = [];
    private readonly Lock _lock = new();

    /// <summary>Takes one more, which another may have to make room for.</summary>
    /// <param name="socket">The connection, which is closed if this fails.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Stranger> AddAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                TimeSpan wait;
                lock (_lock)
                {
                    wait = MakeRoom();
                    if (wait <= TimeSpan.Zero)
                    {
                        var stranger = new Stranger(socket, time.GetTimestamp());
                        _all.Add(stranger);
                        return stranger;
                    }
                }

                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            socket.Dispose();
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
        if (_all.Count < Most)
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

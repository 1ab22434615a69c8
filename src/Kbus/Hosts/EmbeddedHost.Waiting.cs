using System.Diagnostics;
using Kbus.Core;

namespace Kbus.Hosts;

internal sealed partial class EmbeddedHost
{
    private readonly object _bell = new();
    private long _news;
    private int _sleepers;
    private bool _isDead;
    private Action? _signal;

    public override long WatchNews()
    {
        lock (_gate)
        {
            return _news;
        }
    }

    public override Errno WaitForNews(long since, TimeSpan timeout)
    {
        if (timeout == TimeSpan.Zero || SpinForNews(since))
        {
            return Volatile.Read(ref _news) != since ? Errno.None : Errno.ETIMEDOUT;
        }

        lock (_gate)
        {
            if (_news != since)
            {
                return Errno.None;
            }

            _sleepers++;
        }

        return Sleep(since, Stopwatch.GetTimestamp(), timeout) ? Errno.None : Errno.ETIMEDOUT;
    }

    public override void NotifyOfNews(long since, Action signal)
    {
        lock (_gate)
        {
            _signal = _news != since ? null : signal;
            if (_signal is not null)
            {
                return;
            }
        }

        signal();
    }

    /// <summary>The bus ends: what is in flight is answered, once, in the place of repliers. Under the bus's lock (D22).</summary>
    internal void BusDied()
    {
        _isDead = true;
        _bus.AnswerAtEnd(_state);
        MakeNews();
    }

    /// <summary>Looks for news a little while, since waking a sleeper costs more than most answers take to come.</summary>
    private bool SpinForNews(long since)
    {
        // Some ten microseconds, most of them giving way to whoever else can run: with no other processor it would only be in the way.
        const int turns = 30;
        var spin = default(SpinWait);
        while (Environment.ProcessorCount > 1 && spin.Count < turns)
        {
            if (Volatile.Read(ref _news) != since)
            {
                return true;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        return false;
    }

    /// <summary>Sleeps until there is news. The caller has counted itself among the sleepers, under the bus's lock.</summary>
    private bool Sleep(long since, long start, TimeSpan timeout)
    {
        bool woken = true;
        lock (_bell)
        {
            while (woken && Volatile.Read(ref _news) == since)
            {
                TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(start);
                woken = left == Timeout.InfiniteTimeSpan || left > TimeSpan.Zero;
                if (woken)
                {
                    Monitor.Wait(_bell, Rounded(left));
                }
            }
        }

        lock (_gate)
        {
            _sleepers--;
        }

        return woken;
    }

    /// <summary>Waits are counted in whole milliseconds; up, so that a short rest is not spent turning round.</summary>
    private static int Rounded(TimeSpan left) =>
        left == Timeout.InfiniteTimeSpan ? Timeout.Infinite : (int)Math.Min(int.MaxValue, Math.Ceiling(left.TotalMilliseconds));

    /// <summary>Counts news and wakes whoever sleeps. Under the bus's lock.</summary>
    private void MakeNews()
    {
        Volatile.Write(ref _news, _news + 1);
        if (_sleepers > 0)
        {
            lock (_bell)
            {
                Monitor.PulseAll(_bell);
            }
        }

        if (_signal is { } signal)
        {
            _signal = null;
            signal();
        }
    }

    /// <summary>Hears from the bus, under its lock, what happens to this Ksock's queue.</summary>
    private sealed class EmbeddedCarrier(EmbeddedHost host) : QueueCarrier
    {
        public override void RetryWorthwhile() => host.MakeNews();

        protected override void Changed() => host.MakeNews();
    }
}

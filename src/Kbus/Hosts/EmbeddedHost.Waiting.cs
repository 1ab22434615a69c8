using System.Diagnostics;
using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Hosts;

internal sealed partial class EmbeddedHost
{
    // Some ten microseconds, most of them in yielding to whoever else can run.
    private const long MostSpinNanoseconds = 10_000;

    private readonly AdaptiveSpin _spin = new(MostSpinNanoseconds);
    private readonly object _bell = new();
    private long _news;
    private int _sleepers;
    private bool _isDead;
    private Action? _signal;

    public override long WatchNews(bool forAnswers = false)
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

    /// <summary>Spins for news before the thread sleeps.</summary>
    private bool SpinForNews(long since)
    {
        bool isNews = Volatile.Read(ref _news) != since;
        if (isNews || !_spin.TryBegin(Deadline.Never, isOtherAsleep: false, out AdaptiveSpin.Spin spin))
        {
            return isNews;
        }

        while (!isNews && _spin.Pause(ref spin))
        {
            isNews = Volatile.Read(ref _news) != since;
        }

        _spin.Ended(spin, isNews);
        return isNews;
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

        protected override void HasAnswers() => host.MakeNews();
    }
}

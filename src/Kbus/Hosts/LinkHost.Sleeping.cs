using Kbus.Link;

namespace Kbus.Hosts;

/// <content>
/// Sleeping on the socket itself. While anybody does, nobody else takes the rings out of it that he is to be woken by; so each who sleeps wakes,
/// and the last of them takes the rings out, unless a message can be taken.
/// </content>
internal sealed partial class LinkHost
{
    private const long RestNanoseconds = 1_000_000;
    private int _sleepers;

    public override Errno SleepOnDescriptor(bool forMessage, bool forRoom, bool looks, TimeSpan timeout)
    {
        if (!TryEnter())
        {
            return Errno.None;
        }

        Deadline deadline = Deadline.After(timeout);
        long news = Interlocked.Read(ref _news);
        int reported = 1;

        // Looked at after the news: who gives the waiting message up from now on makes some.
        bool isSending = IsSending;
        bool isDone = forRoom && !isSending && (_mode & KsockMode.Write) != 0;
        if (!isDone && (!isSending || !AskForRetries(forMessage, deadline)))
        {
            reported = BeginSleep(looks, forMessage, out bool sleeps);
            if (sleeps)
            {
                // A ring that came since and is gone again was a reason to look, and a message that waits since then is one to ask for retries.
                bool isLate = Interlocked.Read(ref _news) != news || (IsSending && !isSending);
                reported = isLate ? 0 : LibC.Poll(_socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline.Nanoseconds);
                EndSleep(looks, reported);
            }
            else if (reported == 0)
            {
                reported = LibC.Poll([], deadline.NanosecondsAtMost(RestNanoseconds));
            }
        }

        return Leave(reported is LibC.Interrupted or LibC.Cancelled ? Errno.EINTR : Errno.None);
    }

    /// <summary>Wakes who sleeps on the socket, for news that the bus does not ring for.</summary>
    public override void WakeSleeper()
    {
        if ((_someoneSleeps || Volatile.Read(ref _sleepers) > 0) && TryEnter())
        {
            AskForRing();
            Leave(0);
        }
    }

    /// <summary>Puts the descriptor right and counts the caller among those who sleep.</summary>
    /// <param name="looks">Whether the caller is one of those who look.</param>
    /// <param name="forMessage">Whether a message is what it sleeps for.</param>
    /// <param name="sleeps">False if the socket is readable already, for a reason that is not the caller's or for one that is.</param>
    /// <returns>Not zero if there is a reason for the caller to look again at once.</returns>
    private int BeginSleep(bool looks, bool forMessage, out bool sleeps)
    {
        lock (_takeLock)
        {
            int lookers = _lookers;
            _lookers = 0;
            Settle();
            _lookers = lookers;
            if (!HasSocketStill())
            {
                sleeps = false;
                return 1;
            }

            bool isThere = SomethingCanBeTaken();
            sleeps = !isThere && (!_keepsExact || _doorbell.RingsOwed <= 0);
            if (sleeps)
            {
                _sleepers++;
                _lookers -= looks ? 1 : 0;
            }

            return isThere && forMessage ? 1 : 0;
        }
    }

    /// <summary>Who looks is about to wait for news, perhaps until another thread makes them. Whether it was one of those who look.</summary>
    private bool StopLooking()
    {
        lock (_takeLock)
        {
            // Only calls of the C library look, and all of those that wait for news do.
            if (_lookers == 0)
            {
                return false;
            }

            _lookers--;
            Settle();
            return true;
        }
    }

    private void GoOnLooking()
    {
        lock (_takeLock)
        {
            _lookers++;
        }
    }

    private void EndSleep(bool looks, int reported)
    {
        lock (_takeLock)
        {
            _sleepers--;
            _lookers += looks ? 1 : 0;
            if (reported > 0 && (reported & PeerSocket.Gone) != 0)
            {
                Die();
            }

            Settle();
        }
    }

    /// <summary>Sleeps on the socket on behalf of all who wait. Under the sleep lock, which it lets go of meanwhile.</summary>
    /// <returns>None; ETIMEDOUT if the thread must not wait any longer, since it is to end; EINTR if a signal handler has run in it.</returns>
    private Errno SleepOnSocket(Deadline deadline)
    {
        _someoneSleeps = true;
        long news = _news;
        Monitor.Exit(_sleepLock);
        bool isNews;
        Errno ended = Errno.None;
        try
        {
            isNews = _keepsExact ? SleepExactly(news, deadline, out ended) : _doorbell.Wait(deadline) != WaitOutcome.TimedOut;
        }
        finally
        {
            Monitor.Enter(_sleepLock);
            _someoneSleeps = false;
        }

        if (isNews)
        {
            Hear();
        }

        // Another of those who wait takes the place, or the pump does.
        WakeWaiting();
        if (_isPumped)
        {
            JoinPump();
        }

        return ended;
    }

    private bool SleepExactly(long news, Deadline deadline, out Errno ended)
    {
        ended = Errno.None;
        _ = BeginSleep(looks: false, forMessage: false, out bool sleeps);
        if (Interlocked.Read(ref _news) != news)
        {
            if (sleeps)
            {
                EndSleep(looks: false, 0);
            }

            return false;
        }

        if (!sleeps)
        {
            // The socket stays readable while messages wait, which are not what the caller waits for: rest, and look again.
            ended = WhyEnded(LibC.Poll([], deadline.NanosecondsAtMost(RestNanoseconds)));
            return true;
        }

        int reported;
        do
        {
            reported = LibC.Poll(_socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline.Nanoseconds);
        }
        while (reported == LibC.Interrupted && !_heedsSignals);
        EndSleep(looks: false, reported);
        ended = WhyEnded(reported);
        return reported != 0 && ended == Errno.None;
    }

    private Errno WhyEnded(int reported) => reported switch
    {
        LibC.Cancelled => Errno.ETIMEDOUT,
        LibC.Interrupted when _heedsSignals => Errno.EINTR,
        _ => Errno.None,
    };

    /// <summary>Asks to be rung when the waiting message may be worth another try. True if it is so already, or a message can be taken.</summary>
    private bool AskForRetries(bool forMessage, Deadline deadline)
    {
        AskFor(LinkNews.Delivery | LinkNews.Failure);
        _ = Poll(deadline, out bool readable, out bool writable);
        return writable || (forMessage && readable) || _isDead;
    }
}

using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Waiting: for news, on behalf of all who wait, or for the descriptor itself.</summary>
/// <remarks>No lock is held across a sleep.</remarks>
internal sealed class SocketSleep(LinkLife life, CommandChannel channel, SendLedger ledger, NewsBoard board, ExactReadiness readiness, Inbox inbox, Sending sending, KsockMode mode)
{
    // Measured: with less an answer to a Request mostly comes just after its sender has gone to sleep, with more nothing is gained.
    private const long MostBriefNanoseconds = 20_000;
    private readonly AdaptiveSpin _spin = new(MostBriefNanoseconds);

    /// <summary>Sleeps until the descriptor is readable, a waiting send may be worth another try, or a signal handler has run.</summary>
    public Errno SleepOnDescriptor(bool forMessage, bool forRoom, bool looks, TimeSpan timeout)
    {
        if (!life.TryEnter())
        {
            return Errno.None;
        }

        Deadline deadline = Deadline.After(timeout);
        long news = board.Count;
        int reported = 1;

        // Looked at after the news: who gives the waiting message up from now on makes some.
        bool isSending = ledger.IsSending;
        bool isDone = forRoom && !isSending && (mode & KsockMode.Write) != 0;
        if (!isDone && (!isSending || !AskForRetries(forMessage, deadline)))
        {
            reported = readiness.BeginSleep(looks, forMessage, out bool sleeps);
            if (sleeps)
            {
                // A ring that came since and is gone again was a reason to look, and a message that waits since then is one to ask for
                // retries.
                bool isLate = board.Count != news || (ledger.IsSending && !isSending);
                reported = isLate ? 0 : LibC.Poll(life.Socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline.Nanoseconds);
                readiness.EndSleep(looks, reported);
            }
            else if (reported == 0)
            {
                reported = LibC.Poll([], deadline.NanosecondsAtMost(ExactReadiness.RestNanoseconds));
            }
        }

        return life.Leave(reported is LibC.Interrupted or LibC.Cancelled ? Errno.EINTR : Errno.None);
    }

    /// <summary>Sleeps on the socket on behalf of all who wait. Under the sleep lock, which it lets go of meanwhile.</summary>
    /// <returns>None; ETIMEDOUT if the thread must not wait any longer, since it is to end; EINTR if a signal handler has run in
    /// it.</returns>
    private Errno SleepOnSocket(Deadline deadline)
    {
        board.SomeoneSleeps = true;
        long news = board.Count;
        Monitor.Exit(board.SleepLock);
        bool isNews;
        Errno ended = Errno.None;
        try
        {
            isNews = board.KeepsExact ? SleepExactly(news, deadline, out ended) : life.Doorbell.Wait(deadline) != WaitOutcome.TimedOut;
        }
        finally
        {
            Monitor.Enter(board.SleepLock);
            board.SomeoneSleeps = false;
        }

        if (isNews)
        {
            board.Hear();
        }

        // Another of those who wait takes the place, or the pump does.
        board.WakeWaiting();
        if (board.IsPumped)
        {
            board.JoinPump();
        }

        return ended;
    }

    private bool SleepExactly(long news, Deadline deadline, out Errno ended)
    {
        ended = Errno.None;
        _ = readiness.BeginSleep(looks: false, forMessage: false, out bool sleeps);
        if (board.Count != news)
        {
            if (sleeps)
            {
                readiness.EndSleep(looks: false, 0);
            }

            return false;
        }

        if (!sleeps)
        {
            // The socket stays readable while messages wait, which are not what the caller waits for: rest, and look again.
            ended = WhyEnded(LibC.Poll([], deadline.NanosecondsAtMost(ExactReadiness.RestNanoseconds)));
            return true;
        }

        int reported;
        do
        {
            reported = LibC.Poll(life.Socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline.Nanoseconds);
        }
        while (reported == LibC.Interrupted && !channel.HeedsSignals);
        readiness.EndSleep(looks: false, reported);
        ended = WhyEnded(reported);
        return reported != 0 && ended == Errno.None;
    }

    private Errno WhyEnded(int reported) => reported switch
    {
        LibC.Cancelled => Errno.ETIMEDOUT,
        LibC.Interrupted when channel.HeedsSignals => Errno.EINTR,
        _ => Errno.None,
    };

    /// <summary>Asks to be rung when the waiting message may be worth another try. True if it is so already, or a message can be
    /// taken.</summary>
    private bool AskForRetries(bool forMessage, Deadline deadline)
    {
        board.AskFor(LinkNews.Delivery | LinkNews.Failure);
        _ = sending.Poll(deadline, out bool readable, out bool writable);
        return writable || (forMessage && readable) || life.IsDead;
    }

    /// <summary>Waits until a message can be taken, but only some microseconds, and only if that has been worth while lately.</summary>
    /// <param name="timeout">The caller's own limit.</param>
    /// <param name="forAnswer">True for an answer on its lane.</param>
    public bool WaitBriefly(TimeSpan timeout, bool forAnswer)
    {
        if (!life.TryEnter())
        {
            return true;
        }

        bool isThere = inbox.HasRecord(forAnswer) || life.IsDead;
        if (!isThere && _spin.TryBegin(Deadline.After(timeout), channel.TakeWakeUp(), out AdaptiveSpin.Spin spin))
        {
            while (!isThere && _spin.Pause(ref spin))
            {
                isThere = inbox.HasRecord(forAnswer) || life.IsDead || life.IsDisposed;
            }

            _spin.Ended(spin, isThere);
        }

        return life.Leave(isThere);
    }

    /// <summary>Waits until there has been news since <see cref="NewsBoard.WatchNews"/>.</summary>
    public Errno WaitForNews(long since, TimeSpan timeout)
    {
        if (!life.TryEnter())
        {
            return Errno.None;
        }

        Deadline deadline = Deadline.After(timeout);
        bool looks = readiness.StopLooking();
        bool happened;
        Errno ended = Errno.None;
        lock (board.SleepLock)
        {
            while (!(happened = board.Count != since || life.IsDead || life.IsDisposed) && ended == Errno.None && !deadline.HasPassed)
            {
                if (board.SomeoneSleeps || board.IsPumped)
                {
                    board.WaitForSleeper(deadline);
                }
                else
                {
                    ended = SleepOnSocket(deadline);
                }
            }
        }

        board.OnHeard();
        if (looks)
        {
            readiness.GoOnLooking();
        }

        return life.Leave(ended != Errno.None ? ended : happened ? Errno.None : Errno.ETIMEDOUT);
    }

    /// <summary>The link's socket has something: swallow the rings, take in what came with them, and tell everybody.</summary>
    /// <param name="isGone">Whether the bus has hung up.</param>
    internal void OnRing(bool isGone)
    {
        if (!life.TryEnter())
        {
            return;
        }

        try
        {
            bool keepsExact = board.KeepsExact;
            if (!keepsExact)
            {
                board.HearNow();
            }

            if (isGone)
            {
                life.Die();
            }

            if (keepsExact)
            {
                readiness.SettleAfterRing();
            }
        }
        finally
        {
            // Also after a fault of ours: the memory is freed when all have left.
            life.Leave(0);
        }
    }
}

using Kbus.Link;

namespace Kbus.Hosts;

/// <content>
/// Waiting: news are counted, and who waits sleeps until the count moves. One thread at a time sleeps on the link's socket itself: either
/// one of those who wait, while the others wait for it, or, once anything asynchronous was asked for, the process's <see cref="LinkPump"/>.
/// </content>
internal sealed partial class LinkHost
{
    private const uint WatchesBetweenHearings = 64;

    // Measured: with less an answer to a Request mostly comes just after its sender has gone to sleep, with more nothing is gained.
    private const long MostBriefNanoseconds = 20_000;
    private readonly object _sleepLock = new();
    private readonly BriefWait _brief = new(MostBriefNanoseconds);
    private uint _watches;
    private long _news;
    private volatile bool _someoneSleeps;
    private int _waitingForSleeper;
    private bool _isPumped;
    private bool _isInPump;
    private Action? _signal;

    /// <summary>The socket's number, for the pump.</summary>
    internal int SocketNumber => _socket.Number;

    public override bool WaitBriefly(TimeSpan timeout)
    {
        if (!TryEnter())
        {
            return true;
        }

        bool isThere = _deliveries.HasRecord || _isDead;
        if (!isThere && _brief.TryBegin(Deadline.After(timeout), out BriefWait.Looking looking))
        {
            while (!isThere && _brief.Pause(ref looking))
            {
                isThere = _deliveries.HasRecord || _isDead || _isDisposed;
            }

            _brief.Ended(looking, isThere);
        }

        return Leave(isThere);
    }

    public override long WatchNews()
    {
        if (!TryEnter())
        {
            return Interlocked.Read(ref _news);
        }

        if (!_keepsExact && Interlocked.Increment(ref _watches) % WatchesBetweenHearings == 0 && !_someoneSleeps)
        {
            // Each watch that is not followed by a sleep may leave a ring in the socket: it must not fill up.
            HearNow();
        }

        long news = Interlocked.Read(ref _news);
        AskFor(LinkNews.Delivery | LinkNews.Failure);

        // A failure before that did not ring.
        DrainPosted();
        return Leave(news);
    }

    public override Errno WaitForNews(long since, TimeSpan timeout)
    {
        if (!TryEnter())
        {
            return Errno.None;
        }

        Deadline deadline = Deadline.After(timeout);
        bool looks = StopLooking();
        bool happened;
        Errno ended = Errno.None;
        lock (_sleepLock)
        {
            while (!(happened = Interlocked.Read(ref _news) != since || _isDead || _isDisposed) && ended == Errno.None && !deadline.HasPassed)
            {
                if (_someoneSleeps || _isPumped)
                {
                    WaitForSleeper(deadline);
                }
                else
                {
                    ended = SleepOnSocket(deadline);
                }
            }
        }

        TellPosted();
        if (looks)
        {
            GoOnLooking();
        }

        return Leave(ended != Errno.None ? ended : happened ? Errno.None : Errno.ETIMEDOUT);
    }

    public override void NotifyOfNews(long since, Action signal)
    {
        if (!TryEnter())
        {
            signal();
            return;
        }

        bool atOnce;
        lock (_sleepLock)
        {
            atOnce = Interlocked.Read(ref _news) != since || _isDead || _isDisposed;
            _signal = atOnce ? null : signal;
        }

        if (atOnce)
        {
            signal();
        }
        else
        {
            AttachToPump();
        }

        Leave(0);
    }

    /// <summary>The link's socket has something: swallow the rings, take in what came with them, and tell everybody.</summary>
    /// <param name="isGone">Whether the bus has hung up.</param>
    internal void OnRing(bool isGone)
    {
        if (!TryEnter())
        {
            return;
        }

        bool keepsExact = _keepsExact;
        if (!keepsExact)
        {
            HearNow();
        }

        if (isGone)
        {
            Die();
        }

        if (keepsExact)
        {
            SettleAfterRing();
        }

        Leave(0);
    }

    /// <summary>Takes in what the socket has, counts it as news, and wakes all who wait. Under the sleep lock.</summary>
    private void Hear()
    {
        if (!_keepsExact && !ReceiveAreas(everything: true))
        {
            _isDead = true;
        }

        MakeNewsLocked();
    }

    /// <summary>Hears what the socket has now, without waiting.</summary>
    private void HearNow()
    {
        lock (_sleepLock)
        {
            if (!ReceiveAreas(everything: !_keepsExact))
            {
                _isDead = true;
            }

            MakeNewsLocked();
        }

        TellPosted();
    }

    /// <summary>Hears at once what has come with payload areas, whoever sleeps for it. Under the take lock.</summary>
    private void HearAreas()
    {
        HearNow();
        WakeSleeper();
    }

    /// <summary>The ring that was heard, by whichever thread, may have been for those who posted messages. Not under the sleep lock.</summary>
    private void TellPosted()
    {
        if (!HasPosted())
        {
            return;
        }

        DrainPosted();
        if (!IsDrained(Volatile.Read(ref _lastToTell)))
        {
            AskFor(LinkNews.Completion);
            DrainPosted();
        }
    }

    private void MakeNews()
    {
        lock (_sleepLock)
        {
            MakeNewsLocked();
        }
    }

    private void MakeNewsLocked()
    {
        Interlocked.Increment(ref _news);
        WakeWaiting();
        Action? signal = _signal;
        _signal = null;
        signal?.Invoke();
    }

    /// <summary>Waits until whoever sleeps on the socket, or the pump, wakes all who wait. Under the sleep lock, which it lets go of meanwhile.</summary>
    private void WaitForSleeper(Deadline deadline)
    {
        _waitingForSleeper++;
        try
        {
            Monitor.Wait(_sleepLock, Milliseconds(deadline));
        }
        finally
        {
            _waitingForSleeper--;
        }
    }

    /// <summary>Wakes those who wait for whoever slept on the socket. Under the sleep lock.</summary>
    /// <remarks>
    /// Not without need: compiled ahead of time, the runtime keeps a table of all objects that were ever pulsed, and what was made for a
    /// closed Ksock would stay there for long.
    /// </remarks>
    private void WakeWaiting()
    {
        if (_waitingForSleeper > 0)
        {
            Monitor.PulseAll(_sleepLock);
        }
    }

    /// <summary>Swallows the rings so far, and keeps the payload areas that came with them. False when the bus has hung up.</summary>
    /// <param name="everything">False to receive what was sent by the account, and not to look whether there is more.</param>
    private bool ReceiveAreas(bool everything)
    {
        Span<byte> rings = stackalloc byte[64];
        Span<int> files = stackalloc int[1];
        if (IsLost)
        {
            return false;
        }

        while (everything || _doorbell.RingsOwed > 0)
        {
            int received = LibC.ReceiveMessage(_socket.Number, rings, files, LibC.MessageDontWait, out int count);
            for (int i = 0; i < count; i++)
            {
                var area = new Descriptor(files[i]);
                area.Identify();
                _areas.Add(area);
            }

            if (received <= 0)
            {
                return received == LibC.Again;
            }

            _doorbell.NoteHeard(received);

            // A file ends what is received with one call; nothing else does before the room for it is full.
            if (count == 0 && received < rings.Length)
            {
                return true;
            }
        }

        return true;
    }

    private void AttachToPump()
    {
        if (Volatile.Read(ref _isInPump))
        {
            return;
        }

        bool someoneSleeps;
        lock (_sleepLock)
        {
            _isPumped = true;
            someoneSleeps = _someoneSleeps;
            if (!someoneSleeps)
            {
                JoinPump();
            }
        }

        if (someoneSleeps)
        {
            // Whoever sleeps on the socket makes way when it rings.
            AskForRing();
        }
    }

    private void JoinPump()
    {
        if (!_isInPump)
        {
            Volatile.Write(ref _isInPump, true);
            LinkPump.Add(this);
        }
    }

    private static TimeSpan Milliseconds(Deadline deadline) => deadline.IsNever
        ? Timeout.InfiniteTimeSpan
        : TimeSpan.FromMilliseconds(Math.Min(int.MaxValue, (deadline.Nanoseconds / 1_000_000) + 1));
}

using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>News of one link: counted, with those who wait until the count moves. It receives the rings from the link's socket.</summary>
/// <remarks>
/// <para>One thread at a time sleeps on the socket itself: one of those who wait, while the others wait for it; or, once anything
/// asynchronous was asked for, the process's <see cref="LinkPump"/>.</para>
/// <para>Its lock, a monitor, guards who sleeps, and the count. Under it only that of <see cref="LinkPump"/> is taken.</para>
/// </remarks>
internal sealed class NewsBoard(LinkLife life, CommandChannel channel)
{
    private const uint WatchesBetweenHearings = 64;
    private uint _watches;
    private long _count;
    private volatile bool _keepsExact;
    private volatile bool _someoneSleeps;
    private volatile int _sleepers;
    private int _waitingForSleeper;
    private bool _isPumped;
    private bool _isInPump;
    private Action? _signal;

    /// <summary>Called after news were received, not under the lock.</summary>
    public Action OnHeard { get; set; } = static () => { };

    /// <summary>Called when somebody begins to watch for news: a failure before that did not ring.</summary>
    public Action OnWatch { get; set; } = static () => { };

    /// <summary>Called once, when the process's pump is to listen to the socket.</summary>
    public Action OnPump { get; set; } = static () => { };

    /// <summary>The lock: a monitor on which threads wait for the one that sleeps on the socket.</summary>
    public object SleepLock { get; } = new();

    /// <summary>The payload areas that came with rings.</summary>
    public PayloadViews Areas { get; } = new();

    /// <summary>How much news there has been.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Whether the descriptor is in use, so that account is kept of the rings in the socket
    /// (<see cref="ExactReadiness"/>).</summary>
    public bool KeepsExact
    {
        get => _keepsExact;
        set => _keepsExact = value;
    }

    /// <summary>Whether a thread sleeps on the socket on behalf of all who wait. Written under the lock.</summary>
    public bool SomeoneSleeps
    {
        get => _someoneSleeps;
        set => _someoneSleeps = value;
    }

    /// <summary>Whether the pump is to listen to the socket. Under the lock.</summary>
    public bool IsPumped => _isPumped;

    /// <summary>How many threads sleep on the socket for themselves. Written under the take lock.</summary>
    public int Sleepers
    {
        get => _sleepers;
        set => _sleepers = value;
    }

    /// <summary>Asks the bus to ring for news.</summary>
    public void AskFor(LinkNews news)
    {
        if (KeepsExact)
        {
            life.Doorbell.ArmCounted(news);
        }
        else
        {
            life.Doorbell.Arm(news);
        }
    }

    /// <summary>Wakes who sleeps on the socket, for news that the bus does not ring for.</summary>
    public void WakeSleeper()
    {
        if ((SomeoneSleeps || Sleepers > 0) && life.TryEnter())
        {
            channel.AskForRing();
            life.Leave(0);
        }
    }

    /// <summary>Begins to watch for news. The count that it gives is compared later: news after this call changes it.</summary>
    /// <param name="forAnswers">True for answers that are awaited, false for messages.</param>
    public long WatchNews(bool forAnswers)
    {
        if (!life.TryEnter())
        {
            return Count;
        }

        if (!KeepsExact && Interlocked.Increment(ref _watches) % WatchesBetweenHearings == 0 && !SomeoneSleeps)
        {
            // Each watch that is not followed by a sleep may leave a ring in the socket: it must not fill up.
            HearNow();
        }

        long news = Count;
        AskFor((forAnswers ? LinkNews.Answer : LinkNews.Delivery) | LinkNews.Failure);

        // A failure before that did not ring.
        OnWatch();
        return life.Leave(news);
    }

    /// <summary>Calls <paramref name="signal"/> once, from any thread, as soon as the count differs from <paramref name="since"/>. A second
    /// call replaces the first.</summary>
    public void NotifyOfNews(long since, Action signal)
    {
        if (!life.TryEnter())
        {
            signal();
            return;
        }

        bool atOnce;
        lock (SleepLock)
        {
            atOnce = Count != since || life.IsDead || life.IsDisposed;
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

        life.Leave(0);
    }

    /// <summary>Takes in what the socket has, counts it as news, and wakes all who wait. Under the sleep lock.</summary>
    public void Hear()
    {
        if (!KeepsExact && !ReceiveAreas(everything: true))
        {
            life.MarkDead();
        }

        MakeNewsLocked();
    }

    /// <summary>Hears what the socket has now, without waiting.</summary>
    public void HearNow()
    {
        lock (SleepLock)
        {
            if (!ReceiveAreas(everything: !KeepsExact))
            {
                life.MarkDead();
            }

            MakeNewsLocked();
        }

        OnHeard();
    }

    /// <summary>Hears at once what has come with payload areas, whoever sleeps for it. Under the take lock.</summary>
    public void HearAreas()
    {
        HearNow();
        WakeSleeper();
    }

    /// <summary>Counts news and wakes all who wait.</summary>
    public void MakeNews()
    {
        lock (SleepLock)
        {
            MakeNewsLocked();
        }
    }

    /// <summary>The same under the lock.</summary>
    public void MakeNewsLocked()
    {
        Interlocked.Increment(ref _count);
        WakeWaiting();
        Action? signal = _signal;
        _signal = null;
        signal?.Invoke();
    }

    /// <summary>Waits until whoever sleeps on the socket, or the pump, wakes all who wait. Under the sleep lock, which it lets go of
    /// meanwhile.</summary>
    public void WaitForSleeper(Deadline deadline)
    {
        _waitingForSleeper++;
        try
        {
            Monitor.Wait(SleepLock, Milliseconds(deadline));
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
    public void WakeWaiting()
    {
        if (_waitingForSleeper > 0)
        {
            Monitor.PulseAll(SleepLock);
        }
    }

    /// <summary>Swallows the rings so far, and keeps the payload areas that came with them. False when the bus has hung up.</summary>
    /// <param name="everything">False to receive what was sent by the account, and not to look whether there is more.</param>
    public bool ReceiveAreas(bool everything)
    {
        Span<byte> rings = stackalloc byte[64];
        Span<int> files = stackalloc int[1];
        if (life.IsLost)
        {
            return false;
        }

        while (everything || life.Doorbell.RingsOwed > 0)
        {
            int received = LibC.ReceiveMessage(life.Socket.Number, rings, files, LibC.MessageDontWait, out int count);
            for (int i = 0; i < count; i++)
            {
                var area = new Descriptor(files[i]);
                area.Identify();
                Areas.Add(area);
            }

            if (received <= 0)
            {
                return received == LibC.Again;
            }

            life.Doorbell.NoteHeard(received);

            // A file ends what is received with one call; nothing else does before the room for it is full.
            if (count == 0 && received < rings.Length)
            {
                return true;
            }
        }

        return true;
    }

    /// <summary>From now on the process's pump listens to the socket, as soon as no thread sleeps on it.</summary>
    public void AttachToPump()
    {
        if (Volatile.Read(ref _isInPump))
        {
            return;
        }

        bool someoneSleeps;
        lock (SleepLock)
        {
            _isPumped = true;
            someoneSleeps = SomeoneSleeps;
            if (!someoneSleeps)
            {
                JoinPump();
            }
        }

        if (someoneSleeps)
        {
            // Whoever sleeps on the socket makes way when it rings.
            channel.AskForRing();
        }
    }

    /// <summary>Has the pump listen to the socket, once. Under the lock.</summary>
    public void JoinPump()
    {
        if (!_isInPump)
        {
            try
            {
                OnPump();
            }
            catch (KbusException)
            {
                // Who waits now waits without it, and who needs it next tries again.
                _isPumped = false;
                throw;
            }

            Volatile.Write(ref _isInPump, true);
        }
    }

    private static TimeSpan Milliseconds(Deadline deadline) => deadline.IsNever
        ? Timeout.InfiniteTimeSpan
        : TimeSpan.FromMilliseconds(Math.Min(int.MaxValue, (deadline.Nanoseconds / 1_000_000) + 1));
}

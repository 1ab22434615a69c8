using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>
/// The socket as a descriptor for poll, select and epoll: readable exactly when a message can be taken or the bus has gone.
/// </summary>
/// <remarks>
/// <para>Answers on their lane are no messages here, and never make it readable. Whoever sleeps for one is rung by the same socket, and
/// takes that ring out when it wakes.</para>
/// <para>From the moment when somebody asks for the descriptor: while nothing can be taken no ring is in the socket and the bus is asked to
/// ring; otherwise a ring is in it. Account is kept of the rings, so that those that must go are received, and no other system call is
/// made. A call that polls for messages for a few microseconds makes an exception for itself, so that those which come and are taken
/// meanwhile cost no ring.</para>
/// <para>While a thread sleeps on the socket, no other takes the rings out of it that wake it. So each sleeper wakes, and the last takes
/// the rings out, unless a message can be taken.</para>
/// <para>The take lock guards the account, and the front of the delivery ring (<see cref="Inbox"/>). The locks of the channel and of the
/// news are taken under it.</para>
/// </remarks>
internal sealed class ExactReadiness(LinkLife life, CommandChannel channel, NewsBoard board, Writability writability)
{
    public const int MostQuestions = 16;
    private const long BetweenQuestionsNanoseconds = 50_000;
    public const long RestNanoseconds = 1_000_000;
    private int _lookers;
    private int _waiters;

    // When the kernel was last asked after a look in vain. Under the take lock.
    private long _askedAt;

    /// <summary>Whether a message can be taken, or one that was not delivered may be; asked by any thread.</summary>
    public Func<bool> CanBeTaken { get; set; } = static () => false;

    /// <summary>The take lock.</summary>
    public Lock TakeLock { get; } = new();

    /// <summary>Whether the bus may still ring for something that was taken. Under the take lock.</summary>
    public bool HasTaken { get; set; }

    /// <summary>How many calls poll for messages, and settle when they stop. Under the take lock.</summary>
    public int Lookers => _lookers;

    /// <summary>The socket's number. From the first question on it is kept exact.</summary>
    public int Descriptor
    {
        get
        {
            if (!life.TryEnter())
            {
                return -1;
            }

            lock (TakeLock)
            {
                if (!board.KeepsExact)
                {
                    board.KeepsExact = true;
                    CountAnew();
                    Settle();
                }
            }

            writability.Show();
            return life.Leave(life.Socket.Number);
        }
    }

    /// <summary>A call that may wait begins (<see cref="Hosts.KsockHost.BeginWait"/>).</summary>
    public void BeginWait(bool looks)
    {
        if (!board.KeepsExact || !life.TryEnter())
        {
            return;
        }

        lock (TakeLock)
        {
            _waiters++;
            if (looks)
            {
                _lookers++;
                life.Doorbell.DisarmCounted(LinkNews.Delivery);
            }
        }

        life.Leave(0);
    }

    /// <summary>It ends: the descriptor is exact again.</summary>
    public void EndWait(bool looks)
    {
        if (!board.KeepsExact || !life.TryEnter())
        {
            return;
        }

        lock (TakeLock)
        {
            _lookers -= looks ? 1 : 0;
            if (--_waiters == 0)
            {
                // Nobody is left who cares.
                life.Doorbell.DisarmCounted(LinkNews.Failure | LinkNews.Answer);
            }

            Settle();
        }

        life.Leave(0);
    }

    /// <summary>Waits until the ring is in the socket that was promised for a message which can be taken.</summary>
    public void AwaitRing()
    {
        if (!board.KeepsExact || !life.TryEnter())
        {
            return;
        }

        // The bus publishes a message first, and rings then.
        while (CanBeTaken() && !life.IsDead && LibC.Poll(life.Socket.Number, LibC.PollIn, RestNanoseconds) == 0 && life.HasSocket())
        {
            lock (TakeLock)
            {
                Settle();
            }
        }

        life.Leave(0);
    }

    /// <summary>Makes the socket unreadable if nothing can be taken any more, or readable if something can. Under the take lock.</summary>
    public void Settle()
    {
        while (board.KeepsExact && !life.IsDead && _lookers == 0)
        {
            if (CanBeTaken())
            {
                HaveRing();
                return;
            }

            if (HasTaken || !life.Doorbell.IsArmed(LinkNews.Delivery))
            {
                HasTaken = false;
                life.Doorbell.ArmCounted(LinkNews.Delivery);
            }

            // Who sleeps must find the ring that woke it; then it does this.
            if (board.Sleepers == 0 && life.Doorbell.RingsOwed > 0)
            {
                SwallowRings();
            }
            else if (!CanBeTaken())
            {
                return;
            }
        }
    }

    /// <summary>Sees to it that a ring is in the socket, or will be there at once. Under the take lock.</summary>
    private void HaveRing()
    {
        if (life.Doorbell.RingsOwed <= 0)
        {
            life.Doorbell.DisarmCounted(LinkNews.Delivery);
            if (life.Doorbell.RingsOwed <= 0)
            {
                life.Doorbell.NoteAsked();
                _ = channel.Tell(CommandCode.RingMe);
            }
        }
    }

    /// <summary>Receives the rings that were sent. Under the take lock.</summary>
    private void SwallowRings()
    {
        board.HearNow();
        for (int i = 0; i < MostQuestions && life.Doorbell.RingsOwed > 0 && !life.IsDead; i++)
        {
            // The bus has said that it rings and is just about to: it has done so when it carries out a command.
            _ = channel.Tell(CommandCode.NoteTakes);
            board.HearNow();
        }

        if (life.Doorbell.RingsOwed > 0 && !life.IsDead)
        {
            CountAnew();
        }
    }

    /// <summary>Empties the socket and begins the account of rings anew. Under the take lock.</summary>
    private void CountAnew()
    {
        life.Doorbell.Disarm();
        _ = channel.Tell(CommandCode.NoteTakes);
        lock (board.SleepLock)
        {
            if (!board.ReceiveAreas(everything: true))
            {
                life.MarkDead();
            }

            life.Doorbell.BeginAccount();
            board.MakeNewsLocked();
        }
    }

    /// <summary>Somebody looked for a message in vain, and may next look at the descriptor. Whether the bus has gone. Under the take
    /// lock.</summary>
    /// <remarks>Who looks again and again does not ask the kernel each time: what it said some microseconds ago will do.</remarks>
    public bool IsGoneOrMiscounted()
    {
        long now = LibC.MonotonicNanoseconds();
        if (now - _askedAt < BetweenQuestionsNanoseconds)
        {
            return false;
        }

        _askedAt = now;
        if (!life.HasSocketStill())
        {
            return true;
        }

        // A poll of no time at all is interrupted by a signal, too, and that is not the end of the bus.
        int reported = LibC.Poll(life.Socket.Number, LibC.PollIn | LibC.PollPeerClosed, Deadline.Passed);
        if (reported > 0 && (reported & PeerSocket.Gone) == 0 && life.Doorbell.RingsOwed <= 0 && board.Sleepers == 0 && life.HasSocket())
        {
            CountAnew();
        }

        return reported < 0 || (reported & PeerSocket.Gone) != 0;
    }

    /// <summary>After an operation by which queued messages may have gone.</summary>
    public void SettleAfterLoss()
    {
        if (board.KeepsExact && life.TryEnter())
        {
            lock (TakeLock)
            {
                Settle();
            }

            life.Leave(0);
        }
    }

    /// <summary>The pump has found something in the socket.</summary>
    public void SettleAfterRing()
    {
        lock (TakeLock)
        {
            Settle();
        }

        board.MakeNews();
        board.OnHeard();
    }

    /// <summary>Puts the descriptor right and counts the caller among those who sleep.</summary>
    /// <param name="looks">Whether the caller is one of those who look.</param>
    /// <param name="forMessage">Whether a message is what it sleeps for.</param>
    /// <param name="sleeps">False if the socket is readable already, for a reason that is not the caller's or for one that is.</param>
    /// <returns>Not zero if there is a reason for the caller to look again at once.</returns>
    public int BeginSleep(bool looks, bool forMessage, out bool sleeps)
    {
        lock (TakeLock)
        {
            int lookers = _lookers;
            _lookers = 0;
            Settle();
            _lookers = lookers;
            if (!life.HasSocketStill())
            {
                sleeps = false;
                return 1;
            }

            bool isThere = CanBeTaken();
            sleeps = !isThere && (!board.KeepsExact || life.Doorbell.RingsOwed <= 0);
            if (sleeps)
            {
                board.Sleepers++;
                _lookers -= looks ? 1 : 0;
            }

            return isThere && forMessage ? 1 : 0;
        }
    }

    /// <summary>Who looks is about to wait for news, perhaps until another thread makes them. Whether it was one of those who
    /// look.</summary>
    public bool StopLooking()
    {
        lock (TakeLock)
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

    /// <summary>The end of what <see cref="StopLooking"/> began.</summary>
    public void GoOnLooking()
    {
        lock (TakeLock)
        {
            _lookers++;
        }
    }

    /// <summary>The end of what <see cref="BeginSleep"/> began.</summary>
    /// <param name="looks">As there.</param>
    /// <param name="reported">What poll reported of the socket.</param>
    public void EndSleep(bool looks, int reported)
    {
        lock (TakeLock)
        {
            board.Sleepers--;
            _lookers += looks ? 1 : 0;
            if (reported > 0 && (reported & PeerSocket.Gone) != 0)
            {
                life.Die();
            }

            Settle();
        }
    }
}

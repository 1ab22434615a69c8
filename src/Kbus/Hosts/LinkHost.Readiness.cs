using Kbus.Link;

namespace Kbus.Hosts;

/// <content>
/// The socket as a descriptor for poll, select and epoll: readable exactly when a message can be taken or the bus has gone, and not
/// writable while a message waits to be sent.
/// </content>
/// <remarks>
/// From the moment when somebody asks for the descriptor: while nothing can be taken no ring is in the socket and the bus is asked to ring;
/// otherwise a ring is in it. Account is kept of the rings, so that those that must go are received, and no other system call is made.
/// A call that looks for messages for a few microseconds makes an exception for itself, so that those which come and are taken meanwhile cost
/// no ring. It is made unwritable by leaving some bytes in it, which the bus never reads, and making the room that it may use so small that
/// these fill it.
/// </remarks>
internal sealed partial class LinkHost
{
    // More than half of the least room that the kernel gives a socket, so that this much is too much there.
    private const int FillLength = 2048;
    private const int MostQuestions = 16;
    private const long BetweenQuestionsNanoseconds = 50_000;

    private readonly Lock _writabilityLock = new();
    private volatile bool _keepsExact;
    private bool _isFull;
    private int _roomBefore;

    // Under the take lock: whether the bus may still ring for something that was taken; whether a message waits that is not in the ring;
    // how many look for messages, and see to it when they stop looking; and how many wait in some way.
    private bool _hasTaken;
    private bool _hasAside;
    private int _lookers;
    private int _waiters;

    // When the kernel was last asked after a look in vain. Under the take lock.
    private long _askedAt;

    public override int Descriptor
    {
        get
        {
            if (!TryEnter())
            {
                return -1;
            }

            lock (_takeLock)
            {
                if (!_keepsExact)
                {
                    _keepsExact = true;
                    CountAnew();
                    Settle();
                }
            }

            ShowWritability();
            return Leave(_socket.Number);
        }
    }

    public override void NoteAside(bool hasAside)
    {
        if (TryEnter())
        {
            lock (_takeLock)
            {
                _hasAside = hasAside;
                Settle();
            }

            Leave(0);
        }
    }

    public override void BeginWait(bool looks)
    {
        if (!_keepsExact || !TryEnter())
        {
            return;
        }

        lock (_takeLock)
        {
            _waiters++;
            if (looks)
            {
                _lookers++;
                _doorbell.DisarmCounted(LinkNews.Delivery);
            }
        }

        Leave(0);
    }

    public override void EndWait(bool looks)
    {
        if (!_keepsExact || !TryEnter())
        {
            return;
        }

        lock (_takeLock)
        {
            _lookers -= looks ? 1 : 0;
            if (--_waiters == 0)
            {
                // Nobody is left who cares.
                _doorbell.DisarmCounted(LinkNews.Failure);
            }

            Settle();
        }

        Leave(0);
    }

    public override void AwaitRing()
    {
        if (!_keepsExact || !TryEnter())
        {
            return;
        }

        // The bus publishes a message first, and rings then.
        while (SomethingCanBeTaken() && !_isDead && LibC.Poll(_socket.Number, LibC.PollIn, RestNanoseconds) == 0 && HasSocket())
        {
            lock (_takeLock)
            {
                Settle();
            }
        }

        Leave(0);
    }

    /// <summary>Makes the socket unreadable if nothing can be taken any more, or readable if something can. Under the take lock.</summary>
    private void Settle()
    {
        while (_keepsExact && !_isDead && _lookers == 0)
        {
            if (SomethingCanBeTaken() || _hasAside)
            {
                HaveRing();
                return;
            }

            if (_hasTaken || !_doorbell.IsArmed(LinkNews.Delivery))
            {
                _hasTaken = false;
                _doorbell.ArmCounted(LinkNews.Delivery);
            }

            // Who sleeps must find the ring that woke it; then it does this.
            if (_sleepers == 0 && _doorbell.RingsOwed > 0)
            {
                SwallowRings();
            }
            else if (!SomethingCanBeTaken())
            {
                return;
            }
        }
    }

    /// <summary>Sees to it that a ring is in the socket, or will be there at once. Under the take lock.</summary>
    private void HaveRing()
    {
        if (_doorbell.RingsOwed <= 0)
        {
            _doorbell.DisarmCounted(LinkNews.Delivery);
            if (_doorbell.RingsOwed <= 0)
            {
                _doorbell.NoteAsked();
                _ = Tell(CommandCode.RingMe);
            }
        }
    }

    /// <summary>Receives the rings that were sent. Under the take lock.</summary>
    private void SwallowRings()
    {
        HearNow();
        for (int i = 0; i < MostQuestions && _doorbell.RingsOwed > 0 && !_isDead; i++)
        {
            // The bus has said that it rings and is just about to: it has done so when it carries out a command.
            _ = Tell(CommandCode.NoteTakes);
            HearNow();
        }

        if (_doorbell.RingsOwed > 0 && !_isDead)
        {
            CountAnew();
        }
    }

    /// <summary>Empties the socket and begins the account of rings anew. Under the take lock.</summary>
    private void CountAnew()
    {
        _doorbell.Disarm();
        _ = Tell(CommandCode.NoteTakes);
        lock (_sleepLock)
        {
            if (!ReceiveAreas(everything: true))
            {
                _isDead = true;
            }

            _doorbell.BeginAccount();
            MakeNewsLocked();
        }
    }

    /// <summary>Somebody looked for a message in vain, and may next look at the descriptor. Whether the bus has gone. Under the take lock.</summary>
    /// <remarks>Who looks again and again does not ask the kernel each time: what it said some microseconds ago will do.</remarks>
    private bool IsGoneOrMiscounted()
    {
        long now = LibC.MonotonicNanoseconds();
        if (now - _askedAt < BetweenQuestionsNanoseconds)
        {
            return false;
        }

        _askedAt = now;
        if (!HasSocketStill())
        {
            return true;
        }

        // A poll of no time at all is interrupted by a signal, too, and that is not the end of the bus.
        int reported = LibC.Poll(_socket.Number, LibC.PollIn | LibC.PollPeerClosed, Deadline.Passed);
        if (reported > 0 && (reported & PeerSocket.Gone) == 0 && _doorbell.RingsOwed <= 0 && _sleepers == 0 && HasSocket())
        {
            CountAnew();
        }

        return reported < 0 || (reported & PeerSocket.Gone) != 0;
    }

    /// <summary>After an operation by which queued messages may have gone.</summary>
    private void SettleAfterLoss()
    {
        if (_keepsExact && TryEnter())
        {
            lock (_takeLock)
            {
                Settle();
            }

            Leave(0);
        }
    }

    /// <summary>The pump has found something in the socket.</summary>
    private void SettleAfterRing()
    {
        lock (_takeLock)
        {
            Settle();
        }

        MakeNews();
        TellPosted();
    }

    /// <summary>Asks the bus to ring for news.</summary>
    private void AskFor(LinkNews news)
    {
        if (_keepsExact)
        {
            _doorbell.ArmCounted(news);
        }
        else
        {
            _doorbell.Arm(news);
        }
    }

    /// <summary>Makes the socket writable, or not, as the Ksock is.</summary>
    private void ShowWritability()
    {
        if (!_keepsExact || !TryEnter())
        {
            return;
        }

        lock (_writabilityLock)
        {
            bool mayWrite = (_mode & KsockMode.Write) != 0 && !IsSending;
            if (mayWrite == _isFull && !_isDead)
            {
                if (_roomBefore == 0)
                {
                    _roomBefore = LibC.SendBufferSize(_socket.Number);
                    _ = LibC.Send(_socket.Number, stackalloc byte[FillLength], LibC.MessageDontWait);
                }

                _ = LibC.SetSendBufferSize(_socket.Number, mayWrite ? _roomBefore / 2 : 1);
                _isFull = !mayWrite;
            }
        }

        Leave(0);
    }
}

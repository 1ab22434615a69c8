using Kbus.Link;

namespace Kbus.Hosts;

/// <content>
/// The socket as a descriptor for poll, select and epoll: readable exactly when a message can be taken or the bus has gone, and not
/// writable while a message waits to be sent.
/// </content>
/// <remarks>
/// From the moment when somebody asks for the descriptor: while nothing can be taken no ring is in the socket and the bus is asked to ring;
/// otherwise a ring stays in it. It is made unwritable by leaving some bytes in it, which the bus never reads, and making the room that it
/// may use so small that these fill it.
/// </remarks>
internal sealed partial class LinkHost
{
    // More than half of the least room that the kernel gives a socket, so that this much is too much there.
    private const int FillLength = 2048;
    private const long RestNanoseconds = 1_000_000;

    private readonly Lock _writabilityLock = new();
    private volatile bool _keepsExact;
    private volatile bool _hasSwallowedRings;
    private bool _isFull;
    private int _roomBefore;

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
                    _hasSwallowedRings = true;
                    StayExact();
                }
            }

            ShowWritability();
            return Leave(_socket.Number);
        }
    }

    public override Errno SleepOnDescriptor(bool forMessage, TimeSpan timeout)
    {
        if (!TryEnter())
        {
            return Errno.None;
        }

        Deadline deadline = Deadline.After(timeout);
        int reported = _isSending && AskForRetries(forMessage)
            ? 1
            : !forMessage && SomethingCanBeTaken()

                // The socket stays readable while messages wait, which are not what the caller waits for: rest, and look again.
                ? LibC.Poll([], deadline.NanosecondsAtMost(RestNanoseconds))
                : LibC.Poll(_socket.Number, LibC.PollIn | LibC.PollPeerClosed, deadline.Nanoseconds);
        if (reported > 0 && !SomethingCanBeTaken())
        {
            lock (_takeLock)
            {
                StayExact();
            }
        }

        return Leave(reported == LibC.Interrupted ? Errno.EINTR : Errno.None);
    }

    public override void SettleDescriptor(bool hasAside)
    {
        if (!TryEnter())
        {
            return;
        }

        lock (_takeLock)
        {
            if (_keepsExact && !_isDead)
            {
                // Rings for other news that were asked for are behind us when this command has been carried out.
                _doorbell.Disarm();
                _ = Tell(CommandCode.NoteTakes);
                bool isReadable = (LibC.Poll(_socket.Number, LibC.PollIn, 0) & LibC.PollIn) != 0;
                if (!SomethingCanBeTaken() && !hasAside)
                {
                    StayExact();
                }
                else if (!isReadable)
                {
                    RingOwnBell();
                }
            }
        }

        Leave(0);
    }

    public override void Abandon()
    {
        _isDead = true;
        if (!Interlocked.Exchange(ref _isDisposed, true))
        {
            // The number may be somebody else's by now: it is neither closed nor used any more.
            _ = _socket.Release();
            Leave(0);
        }
    }

    /// <summary>Makes the socket unreadable if nothing can be taken any more, or readable if a ring was heard too early. Under the take lock.</summary>
    private void StayExact()
    {
        if (!_keepsExact || _isDead)
        {
            return;
        }

        if (!SomethingCanBeTaken())
        {
            HearNow();
            _doorbell.Arm(LinkNews.Delivery);
            if (!SomethingCanBeTaken())
            {
                _hasSwallowedRings = false;
                return;
            }

            // It came in between, perhaps without a ring.
            _hasSwallowedRings = true;
        }

        if (_hasSwallowedRings)
        {
            RingOwnBell();
        }
    }

    /// <summary>Asks the bus for a ring, which is there when this returns. Under the take lock.</summary>
    private void RingOwnBell()
    {
        _hasSwallowedRings = false;
        _ = Tell(CommandCode.RingMe);
    }

    /// <summary>After an operation by which queued messages may have gone.</summary>
    private void SettleAfterLoss()
    {
        if (_keepsExact && TryEnter())
        {
            lock (_takeLock)
            {
                StayExact();
            }

            Leave(0);
        }
    }

    /// <summary>Asks to be rung when the waiting message may be worth another try. True if it is so already, or a message can be taken.</summary>
    private bool AskForRetries(bool forMessage)
    {
        _doorbell.Arm(LinkNews.Delivery | LinkNews.Failure);
        _ = Poll(out bool readable, out bool writable);
        return writable || (forMessage && readable) || _isDead;
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
            bool mayWrite = (_mode & KsockMode.Write) != 0 && !_isSending;
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

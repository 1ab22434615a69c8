using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Takes the connections to the control socket, not too many at a time, and also when no descriptor is left.</summary>
/// <remarks>
/// <see cref="Replace"/> is for the listening thread; everything else belongs to the status thread. The lock is a leaf: it is held while one
/// connection is taken, so that the socket is not replaced meanwhile.
/// </remarks>
/// <param name="epoll">The set in which connections that wait are to be reported.</param>
/// <param name="token">By which number.</param>
/// <param name="log">Where to say that none can be taken.</param>
internal sealed class ControlListener(Descriptor epoll, ulong token, Log log) : IDisposable
{
    /// <summary>How many connections may wait to be taken.</summary>
    public const int Backlog = 512;

    // A flood of connections is taken so slowly that it costs others no processor. One that comes last into a full backlog waits some 30 milliseconds.
    private const int AcceptedAtOnce = 16;
    private const long PauseAfterMany = 1_000_000;
    private const long PauseWhenExhausted = 50_000_000;

    // For those who ask when all others are used up.
    private const int MostKept = 4;

    private readonly Lock _lock = new();
    private readonly Queue<Descriptor> _early = new();
    private readonly Stack<Descriptor> _kept = new();
    private int _socket = -1;
    private int _accepted;
    private long _pausedUntil;

    /// <summary>When it goes on taking connections, in nanoseconds; 0 if it does now.</summary>
    public long PausedUntil => _pausedUntil;

    /// <summary>Begins to take connections at a socket.</summary>
    /// <returns>Zero or <c>-errno</c>.</returns>
    public int Begin(Descriptor socket)
    {
        _socket = socket.Number;
        return LibC.EpollAdd(epoll.Number, _socket, LibC.EpollIn, token);
    }

    /// <summary>Another socket listens from now on. Connections that wait at the old one are kept, and come first.</summary>
    public void Replace(Descriptor successor)
    {
        lock (_lock)
        {
            for (int number; _early.Count < Backlog && (number = LibC.Accept(_socket)) >= 0;)
            {
                _early.Enqueue(new Descriptor(number));
            }

            _ = LibC.EpollRemove(epoll.Number, _socket);
            _socket = successor.Number;
            _ = LibC.EpollAdd(epoll.Number, _socket, LibC.EpollIn, token);
        }
    }

    /// <summary>The next connection that waited at a socket which has been replaced; null if there is none.</summary>
    public Descriptor? NextEarly()
    {
        lock (_lock)
        {
            return _early.TryDequeue(out Descriptor? socket) ? socket : null;
        }
    }

    /// <summary>The next connection; null if none waits, or no more are to be taken now.</summary>
    /// <param name="makeRoom">Called when no descriptor is left; false if it could free none.</param>
    public Descriptor? Next(Func<bool> makeRoom)
    {
        if (_accepted == AcceptedAtOnce)
        {
            _accepted = 0;
            Pause(PauseAfterMany);
            return null;
        }

        while (true)
        {
            int number;
            lock (_lock)
            {
                number = LibC.Accept(_socket);
            }

            if (number >= 0)
            {
                _accepted++;
                return new Descriptor(number);
            }

            if (number is not -(int)Errno.EMFILE and not -(int)Errno.ENFILE || !(UseKept() || makeRoom()))
            {
                _accepted = 0;
                if (number is not LibC.Again and not -(int)Errno.ECONNABORTED)
                {
                    log.CannotAccept((Errno)(-number));
                    Pause(PauseWhenExhausted);
                }

                return null;
            }
        }
    }

    /// <summary>Goes on taking connections if the pause is over.</summary>
    public void Resume(long now)
    {
        if (_pausedUntil != 0 && now >= _pausedUntil)
        {
            _pausedUntil = 0;
            Listen(LibC.EpollIn);
        }
    }

    /// <summary>Keeps some descriptors for when none is left.</summary>
    public void Keep()
    {
        while (_kept.Count < MostKept && LibC.CreateEvent() is >= 0 and int number)
        {
            _kept.Push(new Descriptor(number));
        }
    }

    /// <summary>Lets go of what is kept. The socket is its owner's to close.</summary>
    public void Dispose()
    {
        foreach (Descriptor descriptor in _kept.Concat(_early))
        {
            descriptor.Dispose();
        }
    }

    private bool UseKept()
    {
        bool any = _kept.TryPop(out Descriptor? kept);
        kept?.Dispose();
        return any;
    }

    private void Pause(long nanoseconds)
    {
        Listen(0);
        _pausedUntil = LibC.MonotonicNanoseconds() + nanoseconds;
    }

    private void Listen(uint events)
    {
        lock (_lock)
        {
            _ = LibC.EpollChange(epoll.Number, _socket, events, token);
        }
    }
}

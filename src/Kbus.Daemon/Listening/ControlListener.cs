using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Accepts connections to the control socket: not too many at a time, and even when no descriptor is left.</summary>
/// <remarks>
/// <see cref="Replace"/> is for the listening thread. Everything else belongs to the status thread. The lock is a leaf. It is held while a connection
/// is accepted, so that the socket is not replaced meanwhile.
/// </remarks>
/// <param name="epoll">The epoll set that reports waiting connections.</param>
/// <param name="token">The number that it reports.</param>
/// <param name="log">Records that no connection can be accepted.</param>
internal sealed class ControlListener(Descriptor epoll, ulong token, Log log) : IDisposable
{
    /// <summary>The number of connections that may wait to be accepted.</summary>
    public const int Backlog = 512;

    // A flood of connections is accepted slowly, so that it costs others no processor time. The last of a full backlog waits some 30 milliseconds.
    private const int AcceptedAtOnce = 16;
    private const long PauseAfterMany = 1_000_000;
    private const long PauseWhenExhausted = 50_000_000;

    // Spare descriptors, for connections that come when no other is left.
    private const int MostKept = 4;

    private readonly Lock _lock = new();
    private readonly Queue<Descriptor> _early = new();
    private readonly Stack<Descriptor> _kept = new();
    private int _socket = -1;
    private int _accepted;
    private long _pausedUntil;

    /// <summary>The time at which it accepts connections again, in nanoseconds; 0 if it does now.</summary>
    public long PausedUntil => _pausedUntil;

    /// <summary>Begins to accept connections at a socket.</summary>
    /// <returns>Zero or <c>-errno</c>.</returns>
    public int Begin(Descriptor socket)
    {
        _socket = socket.Number;
        return LibC.EpollAdd(epoll.Number, _socket, LibC.EpollIn, token);
    }

    /// <summary>Switches to another socket. Connections that wait at the old one are kept, and come first.</summary>
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

    /// <summary>The next connection that waited at a replaced socket; null if there is none.</summary>
    public Descriptor? NextEarly()
    {
        lock (_lock)
        {
            return _early.TryDequeue(out Descriptor? socket) ? socket : null;
        }
    }

    /// <summary>The next connection; null if none waits, or no more are accepted now.</summary>
    /// <param name="makeRoom">Called when no descriptor is left. It returns false if it could free none.</param>
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

    /// <summary>Accepts connections again if the pause is over.</summary>
    public void Resume(long now)
    {
        if (_pausedUntil != 0 && now >= _pausedUntil)
        {
            _pausedUntil = 0;
            Listen(LibC.EpollIn);
        }
    }

    /// <summary>Keeps some spare descriptors.</summary>
    public void Keep()
    {
        while (_kept.Count < MostKept && LibC.CreateEvent() is >= 0 and int number)
        {
            _kept.Push(new Descriptor(number));
        }
    }

    /// <summary>Closes the spare descriptors and kept connections. The owner closes the socket.</summary>
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

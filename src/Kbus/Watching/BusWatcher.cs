using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;
using Kbus.Watching;

namespace Kbus;

/// <summary>Sees everything that happens on a bus, once and in the bus's order, and takes part in nothing.</summary>
/// <remarks>
/// <para>It has no Ksock and no queue. No sender waits for it, and no message is refused because of it. A watcher that is not read in time loses
/// its own events alone: an <see cref="EventsLostEvent"/> stands where they would have been.</para>
/// <para>At first it is told of all Ksocks and bindings that are there, up to the <see cref="SnapshotEndEvent"/>. What happens meanwhile comes in
/// between. One thread at a time should read; others may dispose of it.</para>
/// <para>The policy of kbusd may forbid it (EPERM). A bus has 16 watchers at most, and 8 of one user (EDQUOT). It starts no
/// daemon.</para>
/// </remarks>
public sealed partial class BusWatcher : IDisposable, IRung
{
    private readonly Lock _lock = new();
    private readonly Descriptor _socket;
    private readonly SharedMemory _memory;
    private readonly DeliveryConsumer _ring;
    private readonly ClientDoorbell _doorbell;
    private readonly ArrayBufferWriter<byte> _record = new(4096);
    private TaskCompletionSource? _news;
    private int _uses;
    private bool _isDisposed;
    private bool _isPumped;

    private BusWatcher(uint bus, Descriptor socket, SharedMemory memory)
    {
        Bus = bus;
        _socket = socket;
        _memory = memory;
        _ring = new DeliveryConsumer(memory);
        _doorbell = new ClientDoorbell(memory, socket);
    }

    /// <summary>The number of the bus.</summary>
    public uint Bus { get; }

    /// <summary>How many events were lost so far because they were not read in time, those included that have not been told yet.</summary>
    public ulong EventsLost
    {
        get
        {
            if (!TryEnter())
            {
                return 0;
            }

            ulong lost = Volatile.Read(ref _memory.Header.EventsLost);
            Leave();
            return lost;
        }
    }

    int IRung.SocketNumber => _socket.Number;

    /// <summary>Begins to watch a bus.</summary>
    /// <param name="bus">The bus's number.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="KbusException">ENOENT: no kbusd, or no such bus. EPERM: the policy forbids it. EDQUOT: there are as many watchers as may be.
    /// EPROTO: the kbusd is of a release that cannot be watched. Or what else kept it from being opened.</exception>
    public static BusWatcher Open(uint bus = 0, BusWatcherOptions? options = null)
    {
        options ??= new BusWatcherOptions();
        Deadline deadline = Deadline.After(options.OpenTimeout);
        var opening = new KsockOptions { RuntimeDirectory = options.RuntimeDirectory, StartDaemon = false, OpenTimeout = options.OpenTimeout };
        using Descriptor socket = LinkOpening.Connect(bus, opening, deadline);
        HandshakeFault fault = HandshakeExchange.SendHello(socket, ClientHello.Watch(LibC.ProcessId(), options.WithData, (uint)options.BufferSize), deadline);
        BusWelcome? welcome = null;
        Descriptor? file = null;
        Descriptor? bell = null;
        if (fault is HandshakeFault.None or HandshakeFault.HungUp)
        {
            fault = HandshakeExchange.ReceiveWelcome(socket, deadline, out welcome, out file, out bell);
        }

        if (fault != HandshakeFault.None)
        {
            throw LinkOpening.Refusal(fault, bus, opening);
        }

        if (welcome!.Error == (int)Errno.EPROTO && LinkVersions.Ours.CommonWith(welcome.Versions) != 0)
        {
            throw new KbusException(Errno.EPROTO, $"The kbusd of bus {bus} is older than this library, and cannot be watched.");
        }

        if (welcome.Error != 0)
        {
            throw LinkOpening.Refusal(welcome, bus);
        }

        bell!.Dispose();
        using (file)
        {
            int result = SharedMemory.Map(file!, welcome.Layout!, out SharedMemory? memory);
            if (result < 0)
            {
                throw new KbusException((Errno)(-result), "The memory that the bus shares cannot be mapped.");
            }

            var kept = new Descriptor(socket.Release());
            kept.Identify();
            return new BusWatcher(welcome.Device, kept, memory!);
        }
    }

    /// <summary>Gives the next event if there is one already.</summary>
    /// <param name="busEvent">The event.</param>
    /// <exception cref="ObjectDisposedException">The watcher has been disposed of.</exception>
    public bool TryNext([NotNullWhen(true)] out BusEvent? busEvent)
    {
        Enter();
        try
        {
            return TryTake(out busEvent);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Waits for the next event.</summary>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <returns>The event; null if none came in time.</returns>
    /// <exception cref="KbusException">ENODEV: the bus has ended, or does not let this process watch any more, and all events have been read.</exception>
    /// <exception cref="ObjectDisposedException">The watcher has been disposed of.</exception>
    public BusEvent? Next(TimeSpan? timeout = null)
    {
        Deadline deadline = Deadline.After(timeout ?? Timeout.InfiniteTimeSpan);
        Enter();
        try
        {
            BusEvent? busEvent;
            while (!TryTake(out busEvent) && WaitForRecord(deadline))
            {
            }

            return busEvent;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>All events from now on, until the reading is cancelled or the bus ends.</summary>
    /// <param name="cancellationToken">Ends it. No event is lost by that: a later reading goes on behind the last event that was given.</param>
    /// <exception cref="KbusException">ENODEV: the bus has ended, and all events have been read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The watcher has been disposed of.</exception>
    public async IAsyncEnumerable<BusEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryNext(out BusEvent? busEvent))
            {
                yield return busEvent;
            }
            else if (WaitForNews() is { } news)
            {
                await news.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the watching. A thread that waits for an event gets an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_isPumped)
            {
                LinkPump.Remove(this);
            }

            // Whoever sleeps on it wakes, and the last one to leave frees the memory.
            _ = LibC.Shutdown(_socket.Number);
            _news?.TrySetResult();
            if (_uses == 0)
            {
                Free();
            }
        }
    }

    void IRung.OnRing(bool isGone)
    {
        lock (_lock)
        {
            _news?.TrySetResult();
        }
    }

    void IRung.EndByFault(Exception fault)
    {
        lock (_lock)
        {
            _isPumped = false;
            _news?.TrySetException(new KbusException(Errno.EIO, $"A fault of the library ended the waiting for events of bus {Bus}.", fault));
        }
    }

    /// <summary>A task that ends when there may be events; null if there are some now.</summary>
    private Task? WaitForNews()
    {
        Enter();
        try
        {
            Task news;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (!_isPumped)
                {
                    LinkPump.Add(this);
                    _isPumped = true;
                }

                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }

            return TryPrepareWait() ? news : null;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Asks to be rung. False if there is something to be read now.</summary>
    private bool TryPrepareWait()
    {
        _ = _doorbell.Drain();
        _doorbell.Arm(LinkNews.Delivery);
        if (_ring.HasRecord)
        {
            return false;
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_doorbell.IsBusGone)
        {
            return true;
        }

        // What was published before the end counts.
        return _ring.HasRecord
            ? false
            : throw new KbusException(Errno.ENODEV, $"Bus {Bus} has ended, or its policy does not let this process watch any more.");
    }

    private bool TryTake([NotNullWhen(true)] out BusEvent? busEvent)
    {
        busEvent = null;
        while (busEvent is null && TryTakeRecord(out uint kind))
        {
            busEvent = BusEventReader.Read(kind, _record.WrittenSpan, WallClock.Now());
        }

        return busEvent is not null;
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(!TryEnter(), this);
    }

    private bool TryEnter()
    {
        lock (_lock)
        {
            _uses += _isDisposed ? 0 : 1;
            return !_isDisposed;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_uses == 0 && _isDisposed)
            {
                Free();
            }
        }
    }

    private void Free()
    {
        _socket.Dispose();
        _memory.Dispose();
    }
}

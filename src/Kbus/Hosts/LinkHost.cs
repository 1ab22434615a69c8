using System.Runtime.CompilerServices;
using Kbus.Link;

namespace Kbus.Hosts;

/// <summary>A Ksock on a bus in another process: commands go into one ring in shared memory, messages come out of another.</summary>
/// <remarks>
/// <para>Any thread may call. The locks, none held while another is taken except in this order: <c>_takeLock</c> (taking messages),
/// <c>_commandLock</c> (writing commands), <c>_sleepLock</c> (who sleeps). None is held across a wait for the bus except
/// <c>_takeLock</c>, so that what a take must tell the bus is told before the next take.</para>
/// <para>Commands stand in LinkHost.Commands.cs, sending in LinkHost.Sending.cs and LinkHost.Posting.cs, taking in LinkHost.Taking.cs, waiting in
/// LinkHost.Waiting.cs.</para>
/// </remarks>
internal sealed partial class LinkHost : KsockHost
{
    private readonly SharedMemory _memory;
    private readonly Descriptor _socket;
    private readonly Descriptor _bell;
    private readonly CommandProducer _commands;
    private readonly CommandBell _commandBell;
    private readonly CompletionReader _completions;
    private readonly DeliveryConsumer _deliveries;
    private readonly ClientDoorbell _doorbell;
    private readonly uint _ksockId;
    private readonly uint _device;
    private readonly KsockMode _mode;
    private volatile bool _isDead;
    private volatile bool _isDisposed;
    private volatile bool _isLost;
    private int _users;

    private LinkHost(OpenedLink link, KsockMode mode, KsockOptions options)
    {
        _heedsSignals = options.HeedsSignals;
        _interruptAfter = options.InterruptAfter < 0 ? LibC.Forever : options.InterruptAfter * 1_000_000L;
        _memory = link.Memory;
        _socket = link.Socket;
        _bell = link.Bell;
        _ksockId = link.KsockId;
        _device = link.Device;
        _mode = mode;
        _commands = new CommandProducer(_memory);
        _commandBell = new CommandBell(_memory, _bell);
        _completions = new CompletionReader(_memory, _socket);
        _deliveries = new DeliveryConsumer(_memory);
        _doorbell = new ClientDoorbell(_memory, _socket);
        _slotIsTaken = new bool[_memory.Layout.CompletionSlots];
        _places = new ulong[_memory.Layout.CompletionSlots];
        _posted = new Posted[_memory.Layout.CompletionSlots];
    }

    public override uint Device => _device;

    public override uint KsockId => _ksockId;

    public override KsockMode Mode => _mode;

    public override uint MaxMessageSize => TryEnter() ? Leave(Volatile.Read(ref _memory.Header.MaxMessageSize)) : 0;

    /// <summary>Opens a Ksock on a bus of a daemon, which is started if there is none and that is allowed.</summary>
    /// <exception cref="KbusException">It cannot be opened.</exception>
    public static LinkHost Open(uint device, KsockMode mode, KsockOptions options) =>
        new(LinkOpening.Open(device, mode, options), mode, options);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        if (HasSocket() && !_isDead)
        {
            // The host itself is still counted in. A bus that stands still finds, when it goes on, that this link has hung up.
            _ = CommandEntered(CommandCode.Close, 0, default, out _, Deadline.After(ClosingTime));
        }

        // Hung up first, so that nobody goes on sleeping here; the memory goes when the last call has left.
        _isDead = true;
        _ = LibC.Shutdown(_socket.Number);
        MakeNews();

        // Commands are carried out in order, so every posted send has its outcome now; the pump may not come to it any more.
        lock (_drainLock)
        {
            DrainPostedLocked();
        }

        Leave(0);
    }

    /// <summary>Counts a call in. Until it leaves, the memory stays mapped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEnter()
    {
        // The host itself is one user, until it is disposed of.
        int users = Volatile.Read(ref _users);
        while (users >= 0 && !_isDisposed)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Counts a call out, with its result. The last one after the host was disposed of lets go of everything.</summary>
    private T Leave<T>(T result)
    {
        if (Interlocked.Decrement(ref _users) < 0)
        {
            LetGo();
        }

        return result;
    }

    private void LetGo()
    {
        LinkPump.Remove(this);

        // Whoever takes is not counted, but holds this lock.
        lock (_takeLock)
        {
            _areas.Dispose();
            _memory.Dispose();
            _bell.Dispose();
            _socket.Dispose();
        }
    }

    /// <summary>What a call gets that cannot be carried out: closed by us or by somebody else, or the bus has gone.</summary>
    private Errno WhyNot() => _isDisposed || _isLost ? Errno.EBADF : Errno.ENODEV;
}

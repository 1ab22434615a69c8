using System.Buffers;
using Kbus.Core;
using Kbus.Daemon;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Simulation;

/// <summary>Somebody who watches a bus of a run, now and then or never: what members see must be the same in any case.</summary>
/// <remarks>Each event must come once and in its order, and what is lost must be said in its place.</remarks>
internal sealed class Spectator : IDisposable
{
    private const int ProcessNumber = 900;

    private readonly World _world;
    private readonly Descriptor _socket;
    private readonly ArrayBufferWriter<byte> _record = new();
    private readonly bool _isBlind;
    private SharedMemory? _memory;
    private DeliveryConsumer? _ring;
    private Dice _whim;
    private ulong _last;
    private bool _isGone;

    /// <summary>Asks a bus to be watched.</summary>
    public Spectator(World world, BusSide bus, ulong salt)
    {
        _world = world;
        _whim = new Dice(salt);
        _isBlind = _whim.OneIn(3);
        uint user = _whim.OneIn(2) ? 1u : 2;
        Check(LibC.StreamSocketPair(blocking: false, out int own, out int others));
        _socket = new Descriptor(own);
        LinkLayout layout = LinkLayout.TryCreate(1, Environment.SystemPageSize, _whim.OneIn(2) ? 16 * 1024 : 256 * 1024)!;
        Check(SharedMemory.Create(layout, 0, bus.Number, out SharedMemory? memory, out Descriptor? file));
        var owner = new KsockOwner(ProcessNumber, user, default, ProcessNumber + bus.Number);
        Check(ServedDaemon.Get().Shares.TryOpen(owner, out KsockShare? share, out _) ? 0 : -(int)Errno.EDQUOT);
        bus.Thread.Post(new WatchRequest
        {
            Socket = new Descriptor(others),
            Memory = memory!,
            MemoryFile = file!,
            Bell = new Descriptor(LibC.CreateEvent()),
            Share = share!,
            Peer = Member.Peer(ProcessNumber, user),
            Identity = world.Laws.Exist ? Lawgiver.IdentityOf(user) : null,
            WithData = _whim.OneIn(2),
            Versions = LinkVersions.Ours,
        });
    }

    /// <summary>Reads some of what there is, if it reads at all.</summary>
    public void Look()
    {
        if (_isGone || !TryEnter() || _isBlind || _whim.OneIn(4))
        {
            return;
        }

        for (int left = 1 + _whim.Below(50); left > 0; left--)
        {
            _record.ResetWrittenCount();
            DeliveryLook look = _ring!.TryTakeInto(_record, out _, out uint kind);
            if (look != DeliveryLook.Record)
            {
                Expect(look == DeliveryLook.Empty, $"what it is told is {look}");
                return;
            }

            Read((WatchRecordKind)kind);
        }
    }

    /// <summary>Hangs up.</summary>
    public void Leave()
    {
        _isGone = true;
        _socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _memory?.Dispose();
    }

    private void Read(WatchRecordKind kind)
    {
        ReadOnlySpan<byte> rest = _record.WrittenSpan;
        Expect(WatchWire.TryRead(ref rest, out WatchHead head), "a record has no head");
        if (kind is WatchRecordKind.PresentKsock or WatchRecordKind.PresentBinding or WatchRecordKind.PresentEnd)
        {
            return;
        }

        Expect(_last == 0 || head.Number == _last + 1, $"event {head.Number} follows event {_last}");
        _last = head.Number;
        if (kind == WatchRecordKind.Lost)
        {
            Expect(WatchWire.TryRead(ref rest, out WatchDetail lost) && lost.First > 0, "nothing is said to be lost");
            _last += lost.First - 1;
            _world.Saw("a watcher lost events");
        }
    }

    private bool TryEnter()
    {
        if (_ring is not null)
        {
            return true;
        }

        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(_socket, Deadline.Passed, out BusWelcome? welcome, out Descriptor? file, out Descriptor? bell);
        bell?.Dispose();
        if (fault == HandshakeFault.TimedOut)
        {
            return false;
        }

        Expect(fault == HandshakeFault.None, $"the welcome is {fault}");
        if (welcome!.Error != 0)
        {
            // The policy.
            Expect(_world.Laws.Exist && welcome.Error == (int)Errno.EPERM, $"it may not watch: {welcome.Reason}");
            _world.Saw("a watcher was refused");
            _isGone = true;
            return false;
        }

        using (file)
        {
            Check(SharedMemory.Map(file!, welcome.Layout!, out _memory));
        }

        _ring = new DeliveryConsumer(_memory!);
        _world.Saw("a watcher came");
        return true;
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"A watcher cannot be made: {(Errno)(-result)}.");
        }
    }

    private static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new BrokenPromiseException("D24", $"a watcher: {what}");
        }
    }
}

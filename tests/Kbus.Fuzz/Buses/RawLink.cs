using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Daemon;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>A link as a process has it that keeps to no rule: real shared memory and a real socket, written to at will.</summary>
internal sealed unsafe class RawLink : IDisposable
{
    /// <summary>The sizes of its rings.</summary>
    public static readonly LinkLayout Layout = LinkLayout.TryCreate(32, 128 * 1024, 16 * 1024)!;

    private readonly FuzzedBus _bus;
    private readonly Descriptor _socket;
    private readonly Descriptor _lifeline;
    private readonly PayloadViews _areas = new();
    private Descriptor? _bell;
    private SharedMemory? _memory;
    private DeliveryConsumer _deliveries = null!;
    private CompletionReader _completions = null!;
    private ulong _tail;

    /// <summary>Opens a link of a process.</summary>
    /// <param name="bus">On which bus.</param>
    /// <param name="process">What tells the process from all others.</param>
    /// <param name="user">Whose process it is.</param>
    /// <param name="mode">What the Ksock is opened for.</param>
    public RawLink(FuzzedBus bus, int process, uint user, KsockMode mode)
    {
        _bus = bus;
        Check(LibC.StreamSocketPair(blocking: false, out int own, out int others));
        _socket = new Descriptor(own);
        Check(LibC.Pipe(out int read, out int write));
        _lifeline = new Descriptor(write);
        Check(SharedMemory.Create(Layout, 0, 0, out SharedMemory? memory, out Descriptor? file));
        var owner = new KsockOwner(process, user, mode, (ulong)process);
        Check(FuzzedDaemon.Get().Shares.TryOpen(owner, out KsockShare? share, out _) ? 0 : -1);
        bus.Thread.Post(new OpenRequest
        {
            Socket = new Descriptor(others),
            Memory = memory!,
            MemoryFile = file!,
            Bell = new Descriptor(LibC.CreateEvent()),
            Process = new Descriptor(read),
            ProcessIdentity = (ulong)process,
            Peer = Peer(process, user),
            Mode = mode,
            Share = share!,
        });
        bus.Rest();
        Enter();
    }

    /// <summary>The Ksock's id.</summary>
    public uint KsockId { get; private set; }

    /// <summary>Why the bus ended the link; none if it did not.</summary>
    public LinkFault Fault => (LinkFault)_memory!.Header.Fault;

    /// <summary>The message that was taken last; null before the first.</summary>
    public MessageHeader? LastTaken { get; private set; }

    /// <summary>The name of the message that was taken last.</summary>
    public byte[] LastName { get; private set; } = [];

    /// <summary>True if the ring that the process reads came to nonsense, which it does if the process wrote there itself.</summary>
    public bool ReadsNonsense { get; private set; }

    private byte* Page => (byte*)_memory!.Completions - LinkLayout.HeaderSize;

    /// <summary>Writes a command with any head, and publishes it.</summary>
    public void Command(CommandRecord head, ReadOnlySpan<byte> body)
    {
        byte* record = _memory!.Commands + (_tail & ((ulong)Layout.CommandRingSize - 1));
        *(CommandRecord*)record = head;
        body.CopyTo(new Span<byte>(record + CommandRecord.HeaderSize, body.Length));
        _tail += CommandRecord.Padded((uint)(CommandRecord.HeaderSize + body.Length));
        Volatile.Write(ref _memory.Header.CommandTail, _tail);
        _ = LibC.SignalEvent(_bell!.Number);
    }

    /// <summary>Writes a command as it should be.</summary>
    public void Command(CommandCode code, ushort flags, ulong sequence, ReadOnlySpan<byte> body) =>
        Command(new CommandRecord((uint)(CommandRecord.HeaderSize + body.Length), (ushort)code, flags, sequence), body);

    /// <summary>Writes a word of the header page, and rings.</summary>
    public void Scribble(int offset, ulong word)
    {
        *(ulong*)(Page + (offset % LinkLayout.HeaderSize / sizeof(ulong) * sizeof(ulong))) = word;
        _ = LibC.SignalEvent(_bell!.Number);
    }

    /// <summary>Writes bytes into the command ring, counted from what was written last, or into the delivery ring.</summary>
    public void ScribbleRing(bool isCommands, uint back, ReadOnlySpan<byte> bytes)
    {
        byte* ring = isCommands ? _memory!.Commands : _memory!.Deliveries;
        uint size = (uint)(isCommands ? Layout.CommandRingSize : Layout.DeliveryRingSize);
        uint at = ((isCommands ? (uint)_tail : 0) - back) & (size - 1);
        bytes.CopyTo(new Span<byte>(ring + at, bytes.Length));
    }

    /// <summary>Takes the next message as a library does; nothing happens if there is none.</summary>
    public bool Take()
    {
        HearRings();
        using var buffer = new MessageBuffer();
        DeliveryLook look = _deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token);
        ReadsNonsense |= look == DeliveryLook.Malformed;
        if (look != DeliveryLook.Record)
        {
            return false;
        }

        byte[] copy = record.ToArray();
        if (!_deliveries.TryTake(token))
        {
            return false;
        }

        if (copy.Length < MessageHeader.Size)
        {
            ReadsNonsense = true;
            return false;
        }

        MessageHeader header = MemoryMarshal.Read<MessageHeader>(copy);
        LastTaken = header;
        LastName = copy[MessageHeader.Size..(int)Math.Min(copy.Length, MessageHeader.Size + (long)header.NameLength)];
        if ((DeliveryKind)token.Kind == DeliveryKind.Placed && copy.Length > PlacedData.Size)
        {
            PlacedData place = MemoryMarshal.Read<PlacedData>(copy.AsSpan(copy.Length - PlacedData.Size));
            ReadsNonsense |= !_areas.TryGet(place, header.DataLength, out _);
        }

        return true;
    }

    /// <summary>The outcome of a command, if it is there.</summary>
    public bool TryGet(ulong sequence, out Completion completion) => _completions.TryGet(sequence, out completion);

    /// <summary>Its process dies, or only hangs up.</summary>
    public void Leave(bool dies)
    {
        if (dies)
        {
            _lifeline.Dispose();
        }

        _socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _lifeline.Dispose();
        _areas.Dispose();
        _memory?.Dispose();
        _bell?.Dispose();
    }

    private void Enter()
    {
        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(_socket, Deadline.Passed, out BusWelcome? welcome, out Descriptor? file, out _bell);
        if (fault != HandshakeFault.None || welcome!.Error != 0)
        {
            throw new FindingException($"an honest hello was refused: {fault} {welcome?.Reason}");
        }

        using (file)
        {
            Check(SharedMemory.Map(file!, welcome.Layout!, out _memory));
        }

        KsockId = welcome.KsockId;
        _deliveries = new DeliveryConsumer(_memory!);
        _completions = new CompletionReader(_memory!, _socket);
    }

    private void HearRings()
    {
        Span<byte> rings = stackalloc byte[64];
        Span<int> files = stackalloc int[1];
        while (_socket.IsOpen && LibC.ReceiveMessage(_socket.Number, rings, files, LibC.MessageDontWait, out int count) > 0)
        {
            if (count > 0)
            {
                _areas.Add(new Descriptor(files[0]));
            }
        }
    }

    private static PeerCredentials Peer(int process, uint user)
    {
        PeerCredentials peer = default;
        Span<uint> words = MemoryMarshal.Cast<PeerCredentials, uint>(MemoryMarshal.CreateSpan(ref peer, 1));
        words[0] = (uint)process;
        words[1] = user;
        words[2] = user;
        return peer;
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"A link cannot be made: {(Errno)(-result)}.");
        }
    }
}

using System.Runtime.CompilerServices;

namespace Kbus.Link;

/// <summary>The client's end of the command ring.</summary>
/// <remarks>
/// One thread at a time may call. A command is written where it will be read, and seen by the bus when <see cref="Commit"/> publishes
/// the tail; an uncommitted one is simply overwritten by the next. The bus gives room back a quarter of the ring at a time, so the head
/// is read again only when the ring seems full.
/// </remarks>
internal sealed unsafe class CommandProducer
{
    private const ulong SmallCommand = 64;

    private readonly SharedMemory _memory;
    private readonly byte* _ring;
    private readonly ulong _size;
    private ulong _tail;
    private ulong _head;
    private uint _begun;

    /// <summary>The producer of a link that has just been mapped.</summary>
    public CommandProducer(SharedMemory memory)
    {
        _memory = memory;
        _ring = memory.Commands;
        _size = (ulong)memory.Layout.CommandRingSize;
    }

    /// <summary>The longest body that ever fits.</summary>
    public int MaxBodyLength => (int)_size - CommandRecord.HeaderSize;

    /// <summary>What was wrong with what the bus wrote; nothing can be sent any more.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>Room for a command's body; false when the ring is full, or when <see cref="Fault"/> says so.</summary>
    /// <param name="bodyLength">Bytes of the body.</param>
    /// <param name="body">Where to write it before <see cref="Commit"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(int bodyLength, out Span<byte> body)
    {
        body = default;
        if ((uint)bodyLength > (uint)MaxBodyLength)
        {
            return false;
        }

        uint length = (uint)bodyLength + CommandRecord.HeaderSize;
        if (_size - (_tail - _head) < CommandRecord.Padded(length) && !HasRoom(CommandRecord.Padded(length)))
        {
            return false;
        }

        _begun = length;
        body = new Span<byte>(_ring + (_tail & (_size - 1)) + CommandRecord.HeaderSize, bodyLength);
        return true;
    }

    /// <summary>Publishes the command that was begun. The caller then rings the bus (<see cref="CommandBell"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Commit(ushort opcode, ushort flags, ulong sequence)
    {
        End(opcode, flags, sequence);
        Publish();
    }

    /// <summary>Completes the command that was begun. The bus sees it after <see cref="Publish"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void End(ushort opcode, ushort flags, ulong sequence)
    {
        if (_begun == 0)
        {
            throw new InvalidOperationException("No command was begun.");
        }

        byte* record = _ring + (_tail & (_size - 1));
        *(CommandRecord*)record = new CommandRecord(_begun, opcode, flags, sequence);
        _tail += CommandRecord.Padded(_begun);
        _begun = 0;
    }

    /// <summary>Lets the bus see the commands that were ended. Once for many, and the line with the tail goes to the bus's processor once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish()
    {
        // Release, pairs with the acquire in CommandConsumer.Look: who sees the tail sees the records.
        Volatile.Write(ref _memory.Header.CommandTail, _tail);
    }

    /// <summary>Whether a small command would find room, by a look that any thread may take.</summary>
    public bool SeemsRoomy => _size - (_tail - Volatile.Read(ref _memory.Header.CommandHead)) >= SmallCommand;

    /// <summary>Where the next command will lie, for <see cref="TryWithdraw"/>: bytes of commands before it.</summary>
    public ulong Place => _tail;

    /// <summary>Takes a published command back, if the bus has not begun to read it. Its completion comes nevertheless, with ECANCELED.</summary>
    /// <param name="place">Its <see cref="Place"/>. Its completion has not come.</param>
    /// <returns>
    /// True if it will never be carried out. False if the bus has claimed it: then only its completion tells whether it was withdrawn or
    /// carried out.
    /// </returns>
    public bool TryWithdraw(ulong place)
    {
        if (IsClaimed(place))
        {
            return false;
        }

        byte* record = _ring + (place & (_size - 1));
        Volatile.Write(ref *(ushort*)(record + CommandRecord.OpcodeOffset), (ushort)CommandCode.Withdrawn);

        // The pair of the exchange in CommandConsumer.Look.
        Fence.Full();
        return !IsClaimed(place);
    }

    private bool IsClaimed(ulong place) => (long)(Volatile.Read(ref _memory.Header.CommandsClaimed) - place) > 0;

    private bool HasRoom(uint padded)
    {
        // Acquire, pairs with the release in CommandConsumer.PublishHead: the bus has read what we are about to overwrite.
        ulong head = Volatile.Read(ref _memory.Header.CommandHead);
        if (head - _head > _tail - _head || (head & 7) != 0)
        {
            Fault = LinkFault.CommandHeadImpossible;
            return false;
        }

        _head = head;
        return Fault == LinkFault.None && _size - (_tail - _head) >= padded;
    }
}

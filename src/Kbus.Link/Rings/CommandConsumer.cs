using System.Runtime.CompilerServices;

namespace Kbus.Link;

/// <summary>The bus's end of the command ring.</summary>
/// <remarks>
/// <para>The bus's thread calls. Whatever the client writes, and whenever, nothing outside the ring is touched: each word is read once,
/// into a local, and checked there.</para>
/// <para>The body of a command is the client's memory, and changes when the client likes. Copy it out first and check the copy, never
/// the other way round. Then call <see cref="Advance"/>, then answer: a client that waits for room does so by waiting for answers.</para>
/// </remarks>
internal sealed unsafe class CommandConsumer
{
    private readonly SharedMemory _memory;
    private readonly byte* _ring;
    private readonly ulong _size;
    private ulong _head;
    private ulong _publishedHead;
    private ulong _tail;
    private uint _read;

    /// <summary>The consumer of a link that has just been created.</summary>
    public CommandConsumer(SharedMemory memory)
    {
        _memory = memory;
        _ring = memory.Commands;
        _size = (ulong)memory.Layout.CommandRingSize;
    }

    /// <summary>What was wrong with what the client wrote; the link must be closed.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>Whether there is something to read (or to complain about), by a fresh look.</summary>
    public bool HasCommands => Volatile.Read(ref _memory.Header.CommandTail) != _head;

    /// <summary>Looks at the command in front.</summary>
    /// <param name="header">A copy of its head.</param>
    /// <param name="body">Its body, in shared memory, until <see cref="Advance"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CommandLook TryRead(out CommandRecord header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        if (Fault != LinkFault.None)
        {
            return CommandLook.Malformed;
        }

        if (_head == _tail && !Look())
        {
            return Fault == LinkFault.None ? CommandLook.Empty : CommandLook.Malformed;
        }

        byte* record = _ring + (_head & (_size - 1));
        ulong first = Volatile.Read(ref *(ulong*)record);
        ulong sequence = Volatile.Read(ref *(ulong*)(record + sizeof(ulong)));
        uint length = (uint)first;
        if (length < CommandRecord.HeaderSize)
        {
            Fault = LinkFault.CommandTooShort;
            return CommandLook.Malformed;
        }

        // In 64 bits: the padding of a length near 2^32 must not come out as a small one.
        if (((ulong)length + 7 & ~7ul) > _tail - _head)
        {
            Fault = LinkFault.CommandTooLong;
            return CommandLook.Malformed;
        }

        header = new CommandRecord(length, (ushort)(first >> 32), (ushort)(first >> 48), sequence);
        body = new ReadOnlySpan<byte>(record + CommandRecord.HeaderSize, (int)length - CommandRecord.HeaderSize);
        _read = CommandRecord.Padded(length);
        return CommandLook.Command;
    }

    /// <summary>Goes on behind the command that was read; its body is gone with this.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        if (_read == 0)
        {
            throw new InvalidOperationException("No command was read.");
        }

        _head += _read;
        _read = 0;

        // The client's cache line is written when it can matter: when all is read, or a good part.
        if (_head == _tail || _head - _publishedHead >= _size / 4)
        {
            PublishHead();
        }
    }

    /// <summary>Asks to be rung for the next command.</summary>
    /// <remarks>
    /// Then make a full fence (one for many links will do) and look at <see cref="HasCommands"/> again before going to sleep. The pair
    /// of this is <see cref="CommandBell.RingIfWanted"/>: of the two sides at least one sees what the other wrote.
    /// </remarks>
    public void AskForBell()
    {
        Interleaving.AtChange();
        Volatile.Write(ref _memory.Header.BusWantsBell, 1);
    }

    /// <summary>Asks not to be rung: the bus looks by itself again.</summary>
    public void ForgoBell() => Volatile.Write(ref _memory.Header.BusWantsBell, 0);

    private bool Look()
    {
        Interleaving.Here();

        // Acquire, pairs with the release in CommandProducer.Commit.
        ulong tail = Volatile.Read(ref _memory.Header.CommandTail);
        if (tail == _head)
        {
            return false;
        }

        if (tail - _head > _size || (tail & 7) != 0)
        {
            Fault = LinkFault.CommandTailImpossible;
            return false;
        }

        // Claimed before any of it is read: one full fence between the two, as between the two steps of CommandProducer.TryWithdraw. So the client
        // sees the claim, or the bus sees what was withdrawn, or both.
        Interlocked.Exchange(ref _memory.Header.CommandsClaimed, tail);
        _tail = tail;
        return true;
    }

    private void PublishHead()
    {
        _publishedHead = _head;

        // Release, pairs with the acquire in CommandProducer.HasRoom: what was read was read before the client may overwrite it.
        Volatile.Write(ref _memory.Header.CommandHead, _head);
    }
}

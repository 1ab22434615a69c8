namespace Kbus.Core;

/// <summary>One Ksock as an open file, the bare Unix level of the paper: write, SEND, NEXTMSG, read and the rest, one call each.</summary>
/// <remarks>All decisions are the bus's. This type adds only the message under construction and the message being read. Spec section
/// 7.</remarks>
internal sealed class KsockFile
{
    private readonly BusOperations _bus;
    private readonly CallerMemory _memory;
    private readonly KsockMode _mode;
    private readonly MessageAssembly _assembly;
    private readonly MessageReading _reading = new();
    private int _held;

    /// <summary>Opens a Ksock.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="mode">The mode in which it is opened.</param>
    /// <param name="carrier">How its messages reach it.</param>
    /// <param name="memory">Where the name and data of pointy messages are read from.</param>
    public KsockFile(BusOperations bus, KsockMode mode, Carrier carrier, CallerMemory memory)
    {
        _bus = bus;
        _memory = memory;
        _assembly = new MessageAssembly(bus.Books.Pool, TryReserve);
        _mode = mode;
        State = bus.Open((mode & KsockMode.Write) != 0, carrier);
    }

    /// <summary>The bus's state of this Ksock.</summary>
    public KsockState State { get; }

    /// <summary>Bytes left of the message being read (LENLEFT).</summary>
    public uint LengthLeft => (uint)_reading.Left;

    /// <summary>Bytes of the message being read, read or not; 0 if there is none.</summary>
    public uint Length => (uint)_reading.Length;

    /// <summary>How far the message under construction has come.</summary>
    public (MessagePart Part, int Position, bool IsComplete) Writing => (_assembly.Place.Part, _assembly.Place.Position, _assembly.IsComplete);

    /// <summary>True if SEND would follow pointers now, and the header that holds them. A host may fetch beforehand what they point
    /// at.</summary>
    public bool TryGetPointers(out MessageHeader header)
    {
        header = default;
        return State.Waiting is null && _assembly.TryGetPointers(out header);
    }

    /// <summary>Appends bytes to the message under construction.</summary>
    /// <returns>None, EALREADY (one waits to be sent), EBADF (not opened for writing), or what <see cref="MessageAssembly.Write"/>
    /// says.</returns>
    public Errno Write(ReadOnlySpan<byte> bytes)
    {
        if (!State.CanWrite)
        {
            return Errno.EBADF;
        }

        if (State.Waiting is not null)
        {
            return Errno.EALREADY;
        }

        Errno error = _assembly.Write(bytes, _bus.Books.MaxMessageSize);
        if (error != Errno.None)
        {
            _bus.ReturnReserved(State);
        }

        return error;
    }

    /// <summary>SEND: sends the message under construction, or tries the waiting one again.</summary>
    /// <returns>What <see cref="MessageAssembly.Finish"/>, <see cref="Bus.Send"/> or <see cref="Bus.Retry"/> says.</returns>
    public Errno Send(out MessageId id)
    {
        id = default;
        if (State.Waiting is not null)
        {
            return _bus.Retry(State, out id);
        }

        Errno error = Complete(out StoredMessage? message);
        return error == Errno.None ? _bus.Send(State, message!, out id) : error;
    }

    /// <summary>Ends the construction of the message, for a host that sends it in its own way. None may wait to be sent.</summary>
    /// <param name="message">The message, with None; its reference is the caller's.</param>
    /// <returns>What <see cref="MessageAssembly.Finish"/> says.</returns>
    public Errno Complete(out StoredMessage? message)
    {
        Errno error = _assembly.Finish(_memory, out message);
        _bus.ReturnReserved(State);
        return error;
    }

    /// <summary>DISCARD: drops the message under construction, or the one that waits.</summary>
    public void Discard()
    {
        _assembly.Discard();
        _bus.ReturnReserved(State);
        _bus.Discard(State);
    }

    /// <summary>NEXTMSG: drops what is left of the current message and makes the next one current.</summary>
    /// <returns>Its entire length in bytes; 0 if there is none.</returns>
    public uint NextMessage()
    {
        _reading.Drop();
        ReleaseHeld();
        // Charged until it has been read: a member may have many Ksocks.
        if (_bus.Take(State, out DeliveredMessage delivered, isHeld: true))
        {
            _reading.Begin(delivered);
            _held = _reading.Length;
        }

        return LengthLeft;
    }

    /// <summary>Reads on in the current message.</summary>
    /// <param name="target">Takes the bytes.</param>
    /// <param name="count">The number of bytes read; 0 at the end of the message.</param>
    /// <returns>None, or EBADF if the Ksock was not opened for reading.</returns>
    public Errno Read(Span<byte> target, out int count)
    {
        bool canRead = (_mode & KsockMode.Read) != 0;
        count = canRead ? _reading.Read(target) : 0;
        if (_reading.Length == 0)
        {
            ReleaseHeld();
        }

        return canRead ? Errno.None : Errno.EBADF;
    }

    /// <summary>Closes the Ksock.</summary>
    public void Close()
    {
        // The bus itself returns the charge.
        _assembly.Discard();
        _reading.Drop();
        _held = 0;
        _bus.Close(State);
    }

    /// <summary>The message that was read has gone.</summary>
    private void ReleaseHeld()
    {
        if (_held > 0)
        {
            int bytes = _held;
            _held = 0;
            _bus.NoteReleased(State, bytes);
        }
    }

    private bool TryReserve(int bytes) => _bus.TryReserve(State, bytes);
}

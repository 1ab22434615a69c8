using System.Buffers.Binary;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Reads frames from a stream, many with one read. One thread uses it.</summary>
/// <remarks>
/// The peer's lengths are accepted only up to the longest message. Memory is taken as the data comes, never for what
/// is only announced.
/// </remarks>
/// <param name="stream">The stream that the peer writes to.</param>
/// <param name="mostData">Bytes of data that a message may have at most.</param>
internal sealed class FrameReader(Stream stream, uint mostData)
{
    private const int SmallestBuffer = 128 * 1024;
    private const int FirstStep = 1024 * 1024;
    private int _givenUp;
    private long _received;
    private int _count;
    private byte[] _bytes = new byte[SmallestBuffer];
    private int _start;
    private int _end;
    private int _nameLength;
    private int _dataLength;
    private int _length;

    /// <summary>How often a buffer for a long frame was given up. What it took is free when the collector next looks.</summary>
    public int GivenUp => Volatile.Read(ref _givenUp);

    /// <summary>Bytes of its buffer. Any thread may ask.</summary>
    public int Capacity => Volatile.Read(ref _bytes).Length;

    /// <summary>Bytes that have come. Any thread may ask.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>The name of the frame that was read last. Valid until <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> Name => _bytes.AsSpan(NameAt, _nameLength);

    /// <summary>The data of the frame that was read last, in this machine's order. Valid until <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> Data => DataBytes;

    /// <summary>Where the name of the frame that was read last begins.</summary>
    public int NameAt { get; private set; }

    private Span<byte> DataBytes => _bytes.AsSpan(NameAt + (int)MessageLayout.PaddedNameLength((uint)_nameLength), _dataLength);

    /// <summary>The name of a frame that was read since the last <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> NameOf(int nameAt, scoped in MessageHeader header) => _bytes.AsSpan(nameAt, (int)header.NameLength);

    /// <summary>The data of a frame that was read since the last <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> DataOf(int nameAt, scoped in MessageHeader header) =>
        _bytes.AsSpan(nameAt + (int)MessageLayout.PaddedNameLength(header.NameLength), (int)header.DataLength);

    /// <summary>Reads the next frame that has come whole.</summary>
    /// <param name="header">Takes its header; nonsense if this is false.</param>
    /// <returns>False if more must come first.</returns>
    /// <exception cref="WireException">It is no frame.</exception>
    public bool TryRead(ref MessageHeader header)
    {
        if (!TryLook(ref header))
        {
            return false;
        }

        Advance();
        if (Frame.IsBindEvent(Name))
        {
            Frame.TurnBindEvent(DataBytes);
        }

        return true;
    }

    /// <summary>As <see cref="TryRead"/>, but the frame stays the next one until <see cref="Advance"/>. The data of a bind event is as it
    /// was on the wire.</summary>
    public bool TryLook(ref MessageHeader header)
    {
        if (_end - _start < Frame.HeaderLength)
        {
            return false;
        }

        Frame.ReadHeader(_bytes.AsSpan(_start, Frame.HeaderLength), ref header);
        Check(header);
        long length = Frame.Length(header.NameLength, header.DataLength);
        if (_end - _start < length)
        {
            return false;
        }

        ReadOnlySpan<byte> guard = _bytes.AsSpan(_start + (int)length - MessageLayout.FinalGuardLength, MessageLayout.FinalGuardLength);
        if (BinaryPrimitives.ReadUInt32BigEndian(guard) != MessageHeader.EndGuardValue)
        {
            throw new WireException($"a message does not end with its guard, but with {Convert.ToHexString(guard)}");
        }

        NameAt = _start + Frame.HeaderLength;
        _nameLength = (int)header.NameLength;
        _dataLength = (int)header.DataLength;
        _length = (int)length;
        return true;
    }

    /// <summary>Goes on behind the frame that <see cref="TryLook"/> has seen.</summary>
    public void Advance()
    {
        _start += _length;
        _count++;
    }

    /// <summary>The number of frames since the last call.</summary>
    public int TakeCount()
    {
        int count = _count;
        _count = 0;
        return count;
    }

    /// <summary>Waits for more bytes.</summary>
    /// <returns>False if the peer has ended the stream, between two frames.</returns>
    /// <exception cref="WireException">It has ended the stream in the middle of a frame.</exception>
    /// <exception cref="IOException">The stream is broken.</exception>
    public bool Fill()
    {
        MakeRoom();
        int count = stream.Read(_bytes, _end, _bytes.Length - _end);
        _end += count;
        Volatile.Write(ref _received, _received + count);
        if (count == 0 && _end != _start)
        {
            throw new WireException($"the connection ended in the middle of a message, after {_end - _start} of its bytes");
        }

        return count > 0;
    }

    /// <summary>Forgets what has not been read.</summary>
    public void Forget() => _start = _end;

    /// <summary>Moves the frame that has begun to the front, and has more room for it if it fills the buffer.</summary>
    private void MakeRoom()
    {
        int unread = _end - _start;
        byte[] target = _bytes;
        if (unread == _bytes.Length)
        {
            int step = Math.Max(_bytes.Length, FirstStep);
            target = new byte[(int)Math.Min((long)_bytes.Length + step, Frame.Length(MessageName.MaxLength, mostData))];
        }
        else if (unread == 0 && _bytes.Length > FirstStep)
        {
            target = new byte[SmallestBuffer];
            Volatile.Write(ref _givenUp, _givenUp + 1);
        }

        if (_start > 0 || target != _bytes)
        {
            _bytes.AsSpan(_start, unread).CopyTo(target);
            (_bytes, _start, _end) = (target, 0, unread);
        }
    }

    private void Check(in MessageHeader header)
    {
        if (header.StartGuard != MessageHeader.StartGuardValue)
        {
            throw new WireException($"a message begins with 0x{header.StartGuard:X8} in place of its guard");
        }

        if (header.EndGuard != MessageHeader.EndGuardValue)
        {
            throw new WireException($"a message's header ends with 0x{header.EndGuard:X8} in place of its guard");
        }

        if (header.NameLength is 0 or > MessageName.MaxLength)
        {
            throw new WireException($"a message has a name of {header.NameLength} bytes; 1 to {MessageName.MaxLength} are possible");
        }

        if (header.DataLength > mostData)
        {
            throw new WireException($"a message has {header.DataLength} bytes of data; {mostData} are the most that are taken");
        }
    }
}

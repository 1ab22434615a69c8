using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>The message that a Ksock has under construction: bytes written so far, in pieces of any size.</summary>
/// <remarks>
/// Each write either takes all its bytes or fails, and a failure throws the whole partial message away. The header is checked when
/// its last byte arrives, the name when its last byte arrives, the final guard when the message is complete. A message that waits
/// to be sent is no longer here. Source: spec sections 3.4, 3.5 and 4.1 (steps 1, 2 and 4). One thread at a time.
/// </remarks>
/// <param name="pool">Lends the message.</param>
/// <param name="tryReserve">Asked before room for a message of so many bytes is taken; false refuses it. Null if there is always
/// room.</param>
internal sealed class MessageAssembly(MessagePool pool, Func<int, bool>? tryReserve = null)
{
    private readonly byte[] _header = new byte[MessageHeader.Size];
    private StoredMessage? _entire;
    private bool _started;
    private bool _headerComplete;
    private int _written;

    /// <summary>Bytes written so far.</summary>
    public int Written => _written;

    /// <summary>True if a message, even one of no bytes, is under construction.</summary>
    public bool IsStarted => _started;

    /// <summary>True if the message under construction can be sent.</summary>
    public bool IsComplete => _headerComplete && (_entire is null || _written == _entire.EntireLength);

    /// <summary>The header of a pointy message that can be sent: sending follows its pointers.</summary>
    /// <param name="header">The header, checked.</param>
    /// <returns>False if something else is under construction.</returns>
    public bool TryGetPointers(out MessageHeader header)
    {
        bool points = IsComplete && Header.IsPointy;
        header = points ? Header : default;
        return points;
    }

    /// <summary>Which part of the message the next byte belongs to, and how many bytes of that part there are.</summary>
    public (MessagePart Part, int Position) Place
    {
        get
        {
            if (!_headerComplete || _entire is null)
            {
                return (MessagePart.Header, _written);
            }

            ReadOnlySpan<int> ends =
            [
                MessageHeader.Size,
                MessageHeader.Size + (int)Header.NameLength,
                MessageLayout.DataOffset(Header.NameLength),
                MessageLayout.DataOffset(Header.NameLength) + (int)Header.DataLength,
                _entire.EntireLength - MessageLayout.FinalGuardLength,
            ];
            int part = ends.Length;
            while (_written < ends[part - 1])
            {
                part--;
            }

            return ((MessagePart)part, _written - ends[part - 1]);
        }
    }

    private ref MessageHeader Header => ref MemoryMarshal.AsRef<MessageHeader>(_header.AsSpan());

    /// <summary>Appends bytes to the message under construction.</summary>
    /// <param name="bytes">The bytes; all are taken, or none.</param>
    /// <param name="maxMessageSize">The bus's greatest entire length, in bytes; checked when the header is complete.</param>
    /// <returns>None, EINVAL, ENAMETOOLONG, EMSGSIZE, EBADMSG or EDQUOT (no room); after an error nothing is under construction.</returns>
    public Errno Write(ReadOnlySpan<byte> bytes, uint maxMessageSize)
    {
        _started = true;
        Errno error = Append(bytes, maxMessageSize);
        if (error != Errno.None)
        {
            Discard();
        }

        return error;
    }

    /// <summary>Hands over the message under construction, to be sent. Afterwards nothing is under construction, whatever the
    /// result.</summary>
    /// <param name="memory">Where a pointy message's name and data are read from.</param>
    /// <param name="message">The message, sealed; the caller owns one reference.</param>
    /// <returns>None, ENOMSG (nothing was written), EINVAL (incomplete), EFAULT or EBADMSG.</returns>
    public Errno Finish(CallerMemory memory, out StoredMessage? message)
    {
        message = null;
        if (!_started)
        {
            return Errno.ENOMSG;
        }

        Errno error = IsComplete ? Errno.None : Errno.EINVAL;
        if (error == Errno.None)
        {
            error = Header.IsPointy ? Fetch(memory, out message) : Detach(out message);
        }

        Discard();
        return error;
    }

    /// <summary>Throws away what is under construction.</summary>
    public void Discard()
    {
        _entire?.Release();
        _entire = null;
        _started = false;
        _headerComplete = false;
        _written = 0;
    }

    private Errno Append(ReadOnlySpan<byte> bytes, uint maxMessageSize)
    {
        if (!_headerComplete)
        {
            int count = Math.Min(bytes.Length, MessageHeader.Size - _written);
            bytes[..count].CopyTo(_header.AsSpan(_written));
            _written += count;
            bytes = bytes[count..];
            if (_written < MessageHeader.Size)
            {
                return Errno.None;
            }

            Errno error = MessageCheck.Header(Header, maxMessageSize);
            if (error != Errno.None)
            {
                return error;
            }

            if (!Header.IsPointy && tryReserve is not null && !tryReserve((int)Header.EntireLength))
            {
                return Errno.EDQUOT;
            }

            _headerComplete = true;
            BeginEntire();
        }

        return bytes.IsEmpty ? Errno.None : _entire is null ? Errno.EMSGSIZE : AppendBody(bytes);
    }

    private void BeginEntire()
    {
        if (!Header.IsPointy)
        {
            int length = (int)Header.EntireLength;
            _entire = pool.Rent(length, length);
            _header.CopyTo(_entire.Buffer);
        }
    }

    private Errno AppendBody(ReadOnlySpan<byte> bytes)
    {
        StoredMessage entire = _entire!;
        int count = Math.Min(bytes.Length, entire.EntireLength - _written);
        int before = _written;
        bytes[..count].CopyTo(entire.Buffer[before..]);
        _written += count;

        int nameEnd = MessageHeader.Size + (int)Header.NameLength;
        if (before < nameEnd && _written >= nameEnd && !MessageName.IsSendable(entire.Name))
        {
            return Errno.EBADMSG;
        }

        if (before < entire.EntireLength && _written == entire.EntireLength
            && MemoryMarshal.Read<uint>(entire.Buffer[(_written - MessageLayout.FinalGuardLength)..]) != MessageHeader.EndGuardValue)
        {
            return Errno.EINVAL;
        }

        return count < bytes.Length ? Errno.EMSGSIZE : Errno.None;
    }

    private Errno Detach(out StoredMessage? message)
    {
        message = _entire;
        _entire = null;
        message!.Seal();
        return Errno.None;
    }

    private Errno Fetch(CallerMemory memory, out StoredMessage? message)
    {
        message = null;
        int length = (int)Header.EntireLength;
        StoredMessage fetched = pool.Rent(length, length);
        fetched.Header = Header;
        Span<byte> nameAndNul = fetched.Buffer.Slice(MessageHeader.Size, (int)Header.NameLength + 1);
        Errno error = Errno.None;
        if (!memory.TryRead(Header.NamePointer, nameAndNul))
        {
            error = Errno.EFAULT;
        }
        else if (!MessageName.IsSendable(fetched.Name))
        {
            error = Errno.EBADMSG;
        }
        else if (Header.DataLength != 0 && !memory.TryRead(Header.DataPointer, fetched.DataToFill))
        {
            error = Errno.EFAULT;
        }

        if (error != Errno.None)
        {
            fetched.Release();
            return error;
        }

        fetched.Seal();
        message = fetched;
        return Errno.None;
    }
}

using System.Buffers;
using Kbus.Core;

namespace Kbus.Device;

/// <summary>What a pointy message points at, fetched before the bus is entered, because a caller's memory may be slow to come.</summary>
/// <remarks>One thread, one SEND at a time.</remarks>
internal sealed class FetchedMemory(CallerReader reader) : CallerMemory
{
    private byte[] _bytes = [];
    private MessageHeader _header;
    private bool _hasName;
    private bool _hasData;

    /// <summary>Fetches name and data of a pointy message from the memory of whoever sends it.</summary>
    /// <param name="caller">Who makes the request.</param>
    /// <param name="header">The message's header, which has been checked.</param>
    public void Fetch(in FuseCaller caller, in MessageHeader header)
    {
        _header = header;
        int nameLength = NameLength, dataLength = (int)header.DataLength;
        _bytes = ArrayPool<byte>.Shared.Rent(nameLength + dataLength);
        _hasName = reader.TryRead(caller, header.NamePointer, _bytes.AsSpan(0, nameLength));
        _hasData = _hasName && dataLength > 0 && reader.TryRead(caller, header.DataPointer, _bytes.AsSpan(nameLength, dataLength));
    }

    /// <summary>Gives the memory back.</summary>
    public void Forget()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _hasName = false;
        _hasData = false;
    }

    /// <inheritdoc/>
    public override bool TryRead(ulong address, Span<byte> target)
    {
        if (_hasName && address == _header.NamePointer && target.Length == NameLength)
        {
            _bytes.AsSpan(0, target.Length).CopyTo(target);
            return true;
        }

        bool isData = _hasData && address == _header.DataPointer && target.Length == (int)_header.DataLength;
        if (isData)
        {
            _bytes.AsSpan(NameLength, target.Length).CopyTo(target);
        }

        return isData;
    }

    /// <summary>Bytes of the name with its NUL.</summary>
    private int NameLength => (int)_header.NameLength + 1;
}

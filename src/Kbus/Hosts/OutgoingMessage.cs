using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Hosts;

/// <summary>A message on its way to the bus: where its parts lie. Good as long as they lie there.</summary>
/// <remarks>
/// Its fields are loaded as they were stored, one by one. Spans would be stored in parts and loaded as a whole, for which a processor waits
/// until the parts have reached its cache.
/// </remarks>
internal readonly ref struct OutgoingMessage
{
    private readonly ref readonly MessageHeader _header;
    private readonly ref readonly byte _name;
    private readonly ref readonly byte _data;
    private readonly int _nameLength;
    private readonly int _dataLength;
    private readonly int _entireLength;

    /// <summary>A message whose parts lie apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OutgoingMessage(ref readonly MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        _header = ref header;
        _name = ref MemoryMarshal.GetReference(name);
        _data = ref MemoryMarshal.GetReference(data);
        _nameLength = name.Length;
        _dataLength = data.Length;
        _entireLength = 0;
    }

    /// <summary>A message that lies in one piece.</summary>
    /// <param name="entire">Its entire form, from the header to the end of the data.</param>
    /// <param name="nameLength">Bytes of its name. What the header says is not looked at.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OutgoingMessage(ReadOnlySpan<byte> entire, uint nameLength)
    {
        ReadOnlySpan<byte> data = entire[MessageLayout.DataOffset(nameLength)..];
        _header = ref Unsafe.As<byte, MessageHeader>(ref MemoryMarshal.GetReference(entire));
        _name = ref Unsafe.Add(ref MemoryMarshal.GetReference(entire), MessageHeader.Size);
        _data = ref MemoryMarshal.GetReference(data);
        _nameLength = (int)nameLength;
        _dataLength = data.Length;
        _entireLength = entire.Length;
    }

    /// <summary>The tag under which this library awaits the answer; 0 for a message without an answer, or with one that is an ordinary
    /// message.</summary>
    public uint Tag { get; init; }

    /// <summary>Its header. Lengths, guards and pointers in it mean nothing.</summary>
    public ref readonly MessageHeader Header => ref _header;

    /// <summary>Bytes of its name.</summary>
    public uint NameLength => (uint)_nameLength;

    /// <summary>Bytes of its data.</summary>
    public uint DataLength => (uint)_dataLength;

    /// <summary>Its name.</summary>
    public ReadOnlySpan<byte> Name
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateReadOnlySpan(in _name, _nameLength);
    }

    /// <summary>Its data.</summary>
    public ReadOnlySpan<byte> Data
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateReadOnlySpan(in _data, _dataLength);
    }

    /// <summary>Whether the data follow the name as in an entire message, if the parts lie apart.</summary>
    public bool IsDataBehindName =>
        Unsafe.AreSame(in Unsafe.Add(ref Unsafe.AsRef(in _name), (nint)MessageLayout.PaddedNameLength(NameLength)), in _data);

    /// <summary>Name, padding and data in one piece, if they lie so.</summary>
    public ReadOnlySpan<byte> NameAndData
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateReadOnlySpan(in _name, (int)MessageLayout.PaddedNameLength(NameLength) + _dataLength);
    }

    /// <summary>The three in one piece, from the header to the end of the data; empty if they lie apart.</summary>
    public ReadOnlySpan<byte> Entire
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateReadOnlySpan(in Unsafe.As<MessageHeader, byte>(ref Unsafe.AsRef(in _header)), _entireLength);
    }
}

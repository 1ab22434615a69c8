using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>A message as the bus keeps it: once, in its entire form, counted by those who still need it.</summary>
/// <remarks>
/// Whoever rents one from a <see cref="MessagePool"/> owns one reference; each queue that holds it owns another. The bytes never
/// change once the message has been delivered; the one header field that differs between recipients (WANT_YOU_TO_REPLY) is clear
/// here and belongs to the queue's entry. Data too big for the pool's buffers may live in a <see cref="Payload"/> instead, and
/// then the buffer holds only the header and the padded name. Not safe for use by several threads at once.
/// </remarks>
internal sealed unsafe class StoredMessage
{
    private readonly byte* _bytes;
    private readonly int _capacity;
    private int _references;

    internal StoredMessage(MessageSlab slab, byte* bytes, int capacity)
    {
        Slab = slab;
        _bytes = bytes;
        _capacity = capacity;
    }

    /// <summary>The slab that its buffer is in.</summary>
    internal MessageSlab Slab { get; }

    /// <summary>The header, in place.</summary>
    public ref MessageHeader Header => ref *(MessageHeader*)_bytes;

    /// <summary>The name, without its padding.</summary>
    public ReadOnlySpan<byte> Name => Buffer.Slice(MessageHeader.Size, (int)Header.NameLength);

    /// <summary>The data; empty if there is none.</summary>
    public ReadOnlySpan<byte> Data => Payload is null
        ? Buffer.Slice(MessageLayout.DataOffset(Header.NameLength), (int)Header.DataLength)
        : Payload.Bytes;

    /// <summary>The data, while the message is being made. Empty if it lives in a payload.</summary>
    public Span<byte> DataToFill => Buffer.Slice(MessageLayout.DataOffset(Header.NameLength), Payload is null ? (int)Header.DataLength : 0);

    /// <summary>Where the data lives if not in the buffer.</summary>
    public Payload? Payload { get; set; }

    /// <summary>The tag under which the sender's library awaits the answer to this Request; 0 if the answer is an ordinary
    /// message.</summary>
    public uint Tag { get; set; }

    /// <summary>The tag of the Request that this message answers, if it is awaited; otherwise 0.</summary>
    public uint AnsweredTag { get; set; }

    /// <summary>True if this Reply reaches its requester and no listener, because its sender may not send its name.</summary>
    public bool IsForRequesterAlone { get; set; }

    /// <summary>True if this message, which waits for room, may not be sent any more: the next attempt gives EPERM.</summary>
    public bool IsForbidden { get; set; }

    /// <summary>Bytes of the entire form.</summary>
    public int EntireLength { get; private set; }

    /// <summary>The bytes of the entire form that the buffer holds: all of them, or header and padded name if there is a payload.</summary>
    public ReadOnlySpan<byte> StoredBytes =>
        Buffer.Slice(0, Payload is null ? EntireLength : MessageLayout.DataOffset(Header.NameLength));

    /// <summary>The whole buffer, while the message is being made.</summary>
    internal Span<byte> Buffer => new(_bytes, _capacity);

    /// <summary>Owns one more reference.</summary>
    public void Retain()
    {
        Debug.Assert(_references > 0, "a message that nobody owns is not retained");
        _references++;
    }

    /// <summary>Gives one reference back; with the last, the message returns to its pool.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release()
    {
        Debug.Assert(_references > 0, "each reference is given back once");
        if (--_references == 0)
        {
            Payload?.Release();
            Payload = null;
            Tag = 0;
            AnsweredTag = 0;
            IsForRequesterAlone = false;
            IsForbidden = false;
            Slab.List.Pool.Return(this);
        }
    }

    /// <summary>Copies part of the entire form, as one recipient sees it.</summary>
    /// <param name="offset">Where in the entire form to begin.</param>
    /// <param name="target">Takes the bytes; at most <see cref="EntireLength"/> minus <paramref name="offset"/>.</param>
    /// <param name="flags">The flags as this recipient sees them.</param>
    public void CopyEntire(int offset, Span<byte> target, MessageFlags flags)
    {
        if (Payload is null)
        {
            Buffer.Slice(offset, target.Length).CopyTo(target);
        }
        else
        {
            CopyAround(Payload.Bytes, offset, target);
        }

        Span<byte> flagBytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(flagBytes, (uint)flags);
        CopySegment(flagBytes, MessageHeader.FlagsOffset, offset, target);
    }

    /// <summary>Writes what every entire message has: guards, null pointers, zero padding. Name and data are filled in
    /// separately.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Seal()
    {
        ref MessageHeader header = ref Header;
        header.MakeEntire();
        int dataOffset = MessageLayout.DataOffset(header.NameLength);
        bool isWhole = Payload is null;
        Span<byte> stored = Buffer.Slice(0, isWhole ? EntireLength : dataOffset);
        KeepBytesOfWord(stored, dataOffset, header.NameLength & 3);
        if (isWhole)
        {
            if ((header.DataLength & 3) != 0)
            {
                KeepBytesOfWord(stored, stored.Length - MessageLayout.FinalGuardLength, header.DataLength & 3);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(stored[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
        }
    }

    /// <summary>Zeroes the padding in the last word of the name or of the data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepBytesOfWord(Span<byte> stored, int end, uint bytes)
    {
        Span<byte> word = stored.Slice(end - sizeof(uint), sizeof(uint));
        uint kept = BinaryPrimitives.ReadUInt32LittleEndian(word) & ((1u << (int)(bytes * 8)) - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(word, kept);
    }

    /// <summary>Makes this message ready for use again, with one reference.</summary>
    internal void Start(int entireLength)
    {
        Debug.Assert(_references == 0, "a message in use does not start again");
        _references = 1;
        EntireLength = entireLength;
    }

    private void CopyAround(ReadOnlySpan<byte> data, int offset, Span<byte> target)
    {
        int dataOffset = MessageLayout.DataOffset(Header.NameLength);
        Span<byte> guard = stackalloc byte[MessageLayout.FinalGuardLength];
        BinaryPrimitives.WriteUInt32LittleEndian(guard, MessageHeader.EndGuardValue);
        target.Clear();
        CopySegment(Buffer.Slice(0, dataOffset), 0, offset, target);
        CopySegment(data, dataOffset, offset, target);
        CopySegment(guard, EntireLength - MessageLayout.FinalGuardLength, offset, target);
    }

    /// <summary>Copies what <paramref name="segment"/>, standing at <paramref name="at"/> in the whole, shares with the wanted
    /// part.</summary>
    private static void CopySegment(ReadOnlySpan<byte> segment, int at, int offset, Span<byte> target)
    {
        int from = Math.Max(at, offset);
        int to = Math.Min(at + segment.Length, offset + target.Length);
        if (from < to)
        {
            segment[(from - at)..(to - at)].CopyTo(target[(from - offset)..]);
        }
    }
}

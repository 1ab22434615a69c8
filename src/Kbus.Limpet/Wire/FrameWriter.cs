using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Frames that one thread has made and not yet handed to the <see cref="Outbox"/>, which costs a lock.</summary>
internal sealed class FrameWriter
{
    private const int SmallestBuffer = 64 * 1024;
    private byte[] _bytes = new byte[SmallestBuffer];

    /// <summary>Bytes of the frames.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of its buffer. Any thread may ask.</summary>
    public int Capacity => Volatile.Read(ref _bytes).Length;

    /// <summary>The frames.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Count);

    /// <summary>Adds a message.</summary>
    public void Add(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) =>
        Frame.Write(Append((int)Frame.Length((uint)name.Length, (uint)data.Length)), header, name, data);

    /// <summary>Adds a message that lies in its entire form.</summary>
    /// <param name="header">Its header, as it is to travel.</param>
    /// <param name="padded">Its padded name and padded data.</param>
    public void AddEntire(in MessageHeader header, ReadOnlySpan<byte> padded) =>
        Frame.Write(Append(Frame.HeaderLength + padded.Length + MessageLayout.FinalGuardLength), header, padded);

    /// <summary>Adds frames that another has made.</summary>
    public void Add(ReadOnlySpan<byte> frames) => frames.CopyTo(Append(frames.Length));

    /// <summary>Forgets the last frames.</summary>
    /// <param name="count">Bytes of those that stay.</param>
    public void KeepFirst(int count) => Count = count;

    /// <summary>Memory of the frames from a place on.</summary>
    public ReadOnlyMemory<byte> Memory(int start, int count) => _bytes.AsMemory(start, count);

    /// <summary>Empties it, and gives back what an unusual amount took.</summary>
    public void Clear()
    {
        Count = 0;
        if (_bytes.Length > 64 * SmallestBuffer)
        {
            _bytes = new byte[SmallestBuffer];
        }
    }

    private Span<byte> Append(int length)
    {
        int start = Count;
        int needed = checked(start + length);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, 2L * _bytes.Length), Array.MaxLength));
        }

        Count = needed;
        return _bytes.AsSpan(start, length);
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus;

/// <summary>Messages that are sent together: the quickest way to send many.</summary>
/// <remarks>
/// They are sent in their order, each by itself: one that is refused keeps none of the others back. A batch can be filled and sent again
/// and again, and then allocates nothing. One thread at a time uses it. Beyond the original.
/// </remarks>
public sealed class MessageBatch
{
    // The messages one after the other, each in its entire form up to the end of its data: to send one is to copy it once.
    private byte[] _bytes = new byte[4096];
    private int[] _starts = new int[16];
    private int _used;

    /// <summary>Makes an empty batch.</summary>
    public MessageBatch() => Run = new BatchRun(this);

    /// <summary>How many messages it holds.</summary>
    public int Count { get; private set; }

    /// <summary>What became of each message, in their order, once they have been sent. Valid until the batch is changed.</summary>
    public ReadOnlySpan<SendOutcome> Outcomes => Run.IsSent ? Run.Outcomes : default;

    internal BatchRun Run { get; }

    /// <summary>Adds an announcement, or with WANT_A_REPLY a Request.</summary>
    /// <param name="name">Its name, in ASCII; copied.</param>
    /// <param name="data">Its data; copied.</param>
    /// <param name="flags">Its flags; not ALL_OR_WAIT, since a message that waits would keep the others from being sent.</param>
    /// <exception cref="ArgumentException">The flags contain ALL_OR_WAIT.</exception>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        Append(new MessageHeader { Flags = flags }, name, data);
    }

    /// <summary>Adds a message of any kind.</summary>
    /// <param name="message">The message; copied. Not with ALL_OR_WAIT.</param>
    /// <exception cref="ArgumentException">The flags contain ALL_OR_WAIT.</exception>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Add(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Append(message.Header, message.NameBytes, message.Data.Span);
    }

    /// <summary>Empties the batch.</summary>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Clear()
    {
        Run.ThrowIfUnderWay();
        Count = 0;
        _used = 0;
    }

    /// <summary>The message at a place, from its header to the end of its data.</summary>
    internal ReadOnlySpan<byte> Look(int index, out uint nameLength)
    {
        ReadOnlySpan<byte> message = _bytes.AsSpan(_starts[index]);
        ref readonly MessageHeader header = ref MemoryMarshal.AsRef<MessageHeader>(message);
        nameLength = header.NameLength;
        return message[..(MessageLayout.DataOffset(nameLength) + (int)header.DataLength)];
    }

    private void Append(in MessageHeader given, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Run.ThrowIfUnderWay();
        if ((given.Flags & MessageFlags.AllOrWait) != 0)
        {
            throw new ArgumentException("A message with ALL_OR_WAIT is sent by itself, since it may have to wait.");
        }

        int dataOffset = MessageLayout.DataOffset((uint)name.Length);
        int end = checked(_used + dataOffset + data.Length);
        if (end > _bytes.Length - sizeof(ulong))
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(end + sizeof(ulong), 2L * _bytes.Length), Array.MaxLength));
        }

        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, 2 * Count);
        }

        Span<byte> target = _bytes.AsSpan(_used, dataOffset + data.Length);
        ref MessageHeader header = ref MemoryMarshal.AsRef<MessageHeader>(target);
        header = given;
        header.NameLength = (uint)name.Length;
        header.DataLength = (uint)data.Length;
        name.CopyTo(target[MessageHeader.Size..]);
        data.CopyTo(target[dataOffset..]);
        _starts[Count++] = _used;
        _used = (end + sizeof(ulong) - 1) & -sizeof(ulong);
    }
}

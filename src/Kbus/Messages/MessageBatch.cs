using Kbus.Core;

namespace Kbus;

/// <summary>Messages that are sent together: the quickest way to send many.</summary>
/// <remarks>
/// They are sent in their order, each by itself: one that is refused keeps none of the others back. A batch can be filled and sent again
/// and again, and then allocates nothing. One thread at a time uses it. Beyond the original.
/// </remarks>
public sealed class MessageBatch
{
    private Entry[] _entries = new Entry[16];
    private byte[] _bytes = new byte[4096];
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
        ref MessageHeader header = ref Append(name, data, flags);
        header = default;
        header.Flags = flags;
    }

    /// <summary>Adds a message of any kind.</summary>
    /// <param name="message">The message; copied. Not with ALL_OR_WAIT.</param>
    /// <exception cref="ArgumentException">The flags contain ALL_OR_WAIT.</exception>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Add(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Append(message.NameBytes, message.Data.Span, message.Flags) = message.Header;
    }

    /// <summary>Empties the batch.</summary>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Clear()
    {
        Run.ThrowIfUnderWay();
        Count = 0;
        _used = 0;
    }

    /// <summary>The message at a place.</summary>
    internal void Look(int index, out MessageHeader header, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> data)
    {
        ref readonly Entry entry = ref _entries[index];
        header = entry.Header;
        name = _bytes.AsSpan(entry.Start, entry.NameLength);
        data = _bytes.AsSpan(entry.Start + entry.NameLength, entry.DataLength);
    }

    /// <summary>Puts a message at the end; its header is the caller's to write, where it lies.</summary>
    private ref MessageHeader Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags)
    {
        Run.ThrowIfUnderWay();
        if ((flags & MessageFlags.AllOrWait) != 0)
        {
            throw new ArgumentException("A message with ALL_OR_WAIT is sent by itself, since it may have to wait.");
        }

        int needed = checked(_used + name.Length + data.Length);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        }

        name.CopyTo(_bytes.AsSpan(_used));
        data.CopyTo(_bytes.AsSpan(_used + name.Length));
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * Count);
        }

        ref Entry entry = ref _entries[Count++];
        entry.Start = _used;
        entry.NameLength = name.Length;
        entry.DataLength = data.Length;
        _used = needed;
        return ref entry.Header;
    }

    private struct Entry
    {
        public MessageHeader Header;
        public int Start;
        public int NameLength;
        public int DataLength;
    }
}

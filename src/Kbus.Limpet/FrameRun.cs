using Kbus.Core;
using Kbus.Hosts;

namespace Kbus.Limpets;

/// <summary>Messages of the peer on their way to the bus together, from the very bytes that were read. One thread uses it.</summary>
/// <remarks>They must have been posted before the reader is filled again; the headers stay for those that the bus refuses.</remarks>
/// <param name="reader">Where name and data are.</param>
/// <param name="refused">Hears, at once and on any thread, that the bus has refused one or more of them.</param>
internal sealed class FrameRun(FrameReader reader, Action refused) : SendRun
{
    private Entry[] _entries = new Entry[64];
    private int _count;
    private bool _isRefused;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <summary>Whether the bus has answered to all of them.</summary>
    public bool IsTold => IsDone;

    /// <summary>The place of the header that is read next.</summary>
    public ref MessageHeader Next => ref _entries[_count].Header;

    /// <summary>Keeps the message whose header stands in <see cref="Next"/>.</summary>
    public void Keep(int nameAt)
    {
        _entries[_count].NameAt = nameAt;
        _count++;
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * _count);
        }
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        _count = 0;
        _isRefused = false;
    }

    /// <summary>The header of a message, as it was posted.</summary>
    public ref readonly MessageHeader HeaderAt(int index) => ref _entries[index].Header;

    /// <inheritdoc/>
    public override Errno PostOne(int index, KsockHost host)
    {
        ref Entry entry = ref _entries[index];
        return host.PostOne(this, entry.Header, reader.NameOf(entry.NameAt, entry.Header), reader.DataOf(entry.NameAt, entry.Header));
    }

    /// <inheritdoc/>
    public override void Complete(Errno error, MessageId id)
    {
        bool isFirstRefusal = error != Errno.None && !_isRefused;
        _isRefused |= isFirstRefusal;
        base.Complete(error, id);
        if (isFirstRefusal)
        {
            refused();
        }
    }

    private struct Entry
    {
        public MessageHeader Header;
        public int NameAt;
    }
}

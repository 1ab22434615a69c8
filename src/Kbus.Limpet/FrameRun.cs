using Kbus.Core;
using Kbus.Hosts;

namespace Kbus.Limpets;

/// <summary>Messages of the peer on their way to the bus together, from the very bytes that were read. One thread uses it.</summary>
/// <remarks>They must have been posted before the reader is filled again; the headers stay for those that the bus refuses.</remarks>
/// <param name="reader">Where name and data are.</param>
/// <param name="refused">Called, at once and on any thread, when the bus has refused one or more of them.</param>
internal sealed class FrameRun(FrameReader reader, Action refused) : SendRun
{
    private Entry[] _entries = new Entry[64];
    private int _count;
    private bool _isRefused;

    /// <summary>The number of messages that it holds.</summary>
    public int Kept => _count;

    /// <summary>Whether the bus has answered to all of them.</summary>
    public bool IsTold => IsDone;

    /// <summary>The place of the header that is read next.</summary>
    public ref MessageHeader Next => ref _entries[_count].Header;

    /// <summary>Keeps the message whose header is in <see cref="Next"/>.</summary>
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

    /// <summary>Hands all of them to the bus.</summary>
    /// <returns>A number to ask by.</returns>
    public ulong Post(KsockHost host)
    {
        Begin(_count);
        return host.PostAll(new Messages(this), this);
    }

    /// <inheritdoc/>
    public override void Complete(ReadOnlySpan<SendOutcome> outcomes)
    {
        bool isFirstRefusal = false;
        foreach (SendOutcome outcome in outcomes)
        {
            isFirstRefusal |= outcome.Error != Errno.None;
        }

        isFirstRefusal &= !_isRefused;
        _isRefused |= isFirstRefusal;
        base.Complete(outcomes);
        if (isFirstRefusal)
        {
            refused();
        }
    }

    private Errno TryGet(int index, out OutgoingMessage message)
    {
        ref Entry entry = ref _entries[index];
        message = new OutgoingMessage(in entry.Header, reader.NameOf(entry.NameAt, entry.Header), reader.DataOf(entry.NameAt, entry.Header));
        return Errno.None;
    }

    private readonly struct Messages(FrameRun run) : IOutgoingMessages
    {
        public int Count => run._count;

        public bool AreChecked => false;

        public Errno TryGet(int index, out OutgoingMessage message) => run.TryGet(index, out message);
    }

    private struct Entry
    {
        public MessageHeader Header;
        public int NameAt;
    }
}

namespace Kbus.Core.Tests;

/// <summary>The messages of one Ksock on its own node: its process takes them there, and the books hear of it later.</summary>
internal sealed class MemberCarrier(KsockOwner owner) : Carrier
{
    private readonly List<(uint Number, MessageHeader Header)> _waiting = [];
    private readonly List<Take> _unreported = [];
    private bool _isFrozen;

    /// <summary>What has been taken, in order.</summary>
    public List<MessageHeader> Taken { get; } = [];

    /// <summary>Whether anything was taken that the books have not been told.</summary>
    public bool HasUnreported => _unreported.Count > 0;

    /// <summary>Messages that can be taken.</summary>
    public int Waiting => _waiting.Count;

    public override KsockOwner Owner => owner;

    /// <summary>The process takes the message in front.</summary>
    public bool TryTake(out MessageHeader header)
    {
        header = default;
        if (_waiting.Count == 0)
        {
            return false;
        }

        header = _waiting[0].Header;
        _unreported.Add(new Take(_waiting[0].Number));
        _waiting.RemoveAt(0);
        Taken.Add(header);
        return true;
    }

    public override void Appended(StoredMessage message, MessageFlags flags, uint number) => _waiting.Add((number, HeaderOf(message, flags)));

    public override void Prepended(StoredMessage message, MessageFlags flags, uint number)
    {
        Assert.True(_isFrozen);
        _waiting.Insert(0, (number, HeaderOf(message, flags)));
    }

    public override void Removed(List<QueueEntry> removed)
    {
        Assert.True(_isFrozen);
        _waiting.RemoveAll(w => removed.Exists(e => e.Number == w.Number));
    }

    public override void BroughtForward(uint number)
    {
        // The process may have taken it already.
        int place = _waiting.FindIndex(w => w.Number == number);
        if (place > 0)
        {
            (uint, MessageHeader) moved = _waiting[place];
            _waiting.RemoveAt(place);
            _waiting.Insert(0, moved);
        }
    }

    public override void RetryWorthwhile()
    {
    }

    public override bool DropOne() => false;

    public override ReadOnlySpan<Take> ObserveTaken()
    {
        Take[] taken = [.. _unreported];
        _unreported.Clear();
        return taken;
    }

    public override void Freeze() => _isFrozen = true;

    public override void Thaw() => _isFrozen = false;

    private static MessageHeader HeaderOf(StoredMessage message, MessageFlags flags)
    {
        MessageHeader header = message.Header;
        header.Flags = flags;
        return header;
    }
}

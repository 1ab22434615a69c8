namespace Kbus.Core.Tests;

/// <summary>The messages of one Ksock on its own node: its process takes them there, and the books hear of it later.</summary>
internal sealed class MemberCarrier(KsockOwner owner) : Carrier
{
    private readonly List<(uint Number, MessageHeader Header)> _waiting = [];
    private readonly List<(uint Number, MessageHeader Header)> _answers = [];
    private readonly List<Take> _unreported = [];
    private bool _isFrozen;

    /// <summary>What has been taken, in order.</summary>
    public List<MessageHeader> Taken { get; } = [];

    /// <summary>Whether anything was taken that the books have not been told.</summary>
    public bool HasUnreported => _unreported.Count > 0;

    /// <summary>Messages that can be taken.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Answers that can be taken.</summary>
    public int Answers => _answers.Count;

    public override KsockOwner Owner => owner;

    /// <summary>The process takes the message in front.</summary>
    public bool TryTake(out MessageHeader header)
    {
        return TryTake(_waiting, isAnswer: false, out header);
    }

    /// <summary>The process takes an answer from its lane.</summary>
    public bool TryTakeAnswerItself(out MessageHeader header) => TryTake(_answers, isAnswer: true, out header);

    private bool TryTake(List<(uint Number, MessageHeader Header)> waiting, bool isAnswer, out MessageHeader header)
    {
        header = default;
        if (waiting.Count == 0)
        {
            return false;
        }

        header = waiting[0].Header;
        _unreported.Add(new Take(waiting[0].Number, IsAnswer: isAnswer));
        waiting.RemoveAt(0);
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

    public override void Answered(StoredMessage message, uint number) => _answers.Add((number, HeaderOf(message, message.Header.Flags)));

    public override void Withdrawn(uint number, int place)
    {
        Assert.True(_isFrozen);

        // The process may have taken it already, and others that stand before its place.
        int from = _answers.FindIndex(w => w.Number == number);
        if (from >= 0)
        {
            _waiting.Insert(Math.Min(place, _waiting.Count), _answers[from]);
            _answers.RemoveAt(from);
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

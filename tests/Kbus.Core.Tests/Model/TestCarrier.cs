namespace Kbus.Core.Tests;

/// <summary>Carries a Ksock's messages nowhere: takes are operations on the bus.</summary>
internal sealed class QuietCarrier(KsockOwner owner = default) : QueueCarrier
{
    public override KsockOwner Owner => owner;

    public int Retries { get; private set; }

    public override void RetryWorthwhile() => Retries++;
}

/// <summary>
/// Carries a Ksock's messages as a link does: its process takes from its own view of the queue, and the bus hears of it later.
/// </summary>
internal sealed class SelfTakingCarrier : Carrier
{
    private readonly List<(uint Number, string Message)> _view = [];
    private readonly List<(uint Number, string Message)> _answers = [];
    private readonly List<Take> _unobserved = [];
    private Bus? _bus;
    private KsockState? _ksock;
    private bool _isFrozen;
    private bool _tells;
    private bool _takesWhenObserved;

    public void Attach(Bus bus, KsockState ksock)
    {
        _bus = bus;
        _ksock = ksock;
    }

    /// <summary>The process takes the message at the front of its view.</summary>
    public bool TryTake(out string taken) => TryTake(_view, out taken);

    /// <summary>The process takes the answer at the front of its lane.</summary>
    public bool TryTakeAnswerItself(out string taken) => TryTake(_answers, out taken);

    private bool TryTake(List<(uint Number, string Message)> view, out string taken)
    {
        Assert.False(_isFrozen, "between operations nothing is frozen");
        taken = "";
        if (view.Count == 0)
        {
            return false;
        }

        (uint number, taken) = view[0];
        view.RemoveAt(0);
        _unobserved.Add(new Take(number, IsAnswer: view == _answers));
        if (_tells)
        {
            _bus!.NoteTakes(_ksock!);
            Assert.Empty(_unobserved);
        }

        return true;
    }

    public override void Appended(StoredMessage message, MessageFlags flags, uint number)
    {
        Assert.False(_isFrozen, "nothing is appended while the queue is frozen");
        _view.Add((number, RealMessage.Print(new DeliveredMessage(message, flags))));
    }

    public override void Prepended(StoredMessage message, MessageFlags flags, uint number)
    {
        AssertFrozen();
        _view.Insert(0, (number, RealMessage.Print(new DeliveredMessage(message, flags))));
    }

    public override void Removed(List<QueueEntry> removed)
    {
        AssertFrozen();
        foreach (QueueEntry entry in removed)
        {
            Assert.Equal(1, _view.RemoveAll(v => v.Number == entry.Number));
        }
    }

    public override void Answered(StoredMessage message, uint number)
    {
        Assert.False(_isFrozen, "nothing is appended while the lane is frozen");
        Assert.NotEqual(0u, message.AnsweredTag);
        _answers.Add((number, RealMessage.Print(new DeliveredMessage(message, message.Header.Flags))));
    }

    public override void Withdrawn(uint number, int place)
    {
        AssertFrozen();
        int from = _answers.FindIndex(v => v.Number == number);
        _view.Insert(place, _answers[from]);
        _answers.RemoveAt(from);
    }

    public override bool DropOne()
    {
        bool isThere = _view.Count + _answers.Count > 0;
        _view.Clear();
        _answers.Clear();
        return isThere;
    }

    public override void RetryWorthwhile()
    {
    }

    /// <summary>The process takes one message just after the bus has next observed what it took.</summary>
    public void TakeWhenObserved() => _takesWhenObserved = true;

    public override ReadOnlySpan<Take> ObserveTaken()
    {
        if (_takesWhenObserved)
        {
            _takesWhenObserved = false;
            Assert.True(TryTake(out _));
            return default;
        }

        // Some at a time, as a link does when there are many.
        Take[] some = [.. _unobserved.Take(2)];
        _unobserved.RemoveRange(0, some.Length);
        return some;
    }

    public override void Freeze() => _isFrozen = true;

    public override void Thaw()
    {
        AssertFrozen();
        _isFrozen = false;
        Assert.Equal(_view.Select(v => v.Number), Enumerable.Range(0, _ksock!.Queue.Count).Select(i => _ksock.Queue[i].Number));
        Assert.Equal(_answers.Select(v => v.Number), Enumerable.Range(0, _ksock.Answers.Count).Select(i => _ksock.Answers[i].Number));
    }

    public override void TellTakes(bool tell) => _tells = tell;

    private void AssertFrozen()
    {
        Assert.True(_isFrozen, "only a frozen queue is changed elsewhere than at its end");
        Assert.Empty(_unobserved);
    }
}

namespace Kbus.Core.Tests;

/// <summary>Carries a Ksock's messages nowhere: takes are operations on the bus.</summary>
internal sealed class QuietCarrier : Carrier
{
    public int Retries { get; private set; }

    public override void Appended()
    {
    }

    public override void Rewritten()
    {
    }

    public override void RetryWorthwhile() => Retries++;
}

/// <summary>Carries a Ksock's messages as a link does: its process takes from its own view of the queue, and the bus hears of it later.</summary>
internal sealed class SelfTakingCarrier : Carrier
{
    private readonly List<DeliveredMessage> _view = [];
    private Bus? _bus;
    private KsockState? _ksock;
    private int _unobserved;
    private bool _isFrozen;
    private bool _tells;

    public void Attach(Bus bus, KsockState ksock)
    {
        _bus = bus;
        _ksock = ksock;
    }

    /// <summary>The process takes the message at the front of its view.</summary>
    public bool TryTake(out string taken)
    {
        Assert.False(_isFrozen, "between operations nothing is frozen");
        taken = "";
        if (_view.Count == 0)
        {
            return false;
        }

        taken = RealMessage.Print(_view[0]);
        _view.RemoveAt(0);
        _unobserved++;
        if (_tells)
        {
            _bus!.NoteTakes(_ksock!);
            Assert.Equal(0, _unobserved);
        }

        return true;
    }

    public override void Appended()
    {
        Assert.False(_isFrozen, "nothing is appended while the queue is rewritten");
        MessageQueue queue = _ksock!.Queue;
        _view.Add(queue[queue.Count - 1].Delivered);
    }

    public override void Rewritten()
    {
        Assert.True(_isFrozen, "only a frozen queue is rewritten");
        Assert.Equal(0, _unobserved);
        _isFrozen = false;
        _view.Clear();
        for (int i = 0; i < _ksock!.Queue.Count; i++)
        {
            _view.Add(_ksock.Queue[i].Delivered);
        }
    }

    public override void RetryWorthwhile()
    {
    }

    public override int ObserveTaken()
    {
        int taken = _unobserved;
        _unobserved = 0;
        return taken;
    }

    public override void Freeze() => _isFrozen = true;

    public override void TellTakes(bool tell) => _tells = tell;
}

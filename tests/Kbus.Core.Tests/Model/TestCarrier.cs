namespace Kbus.Core.Tests;

/// <summary>Carries a Ksock's messages nowhere: takes are operations on the bus.</summary>
internal sealed class QuietCarrier(KsockOwner owner = default) : Carrier
{
    public override KsockOwner Owner => owner;

    public int Retries { get; private set; }

    public override void Appended()
    {
    }

    public override void Rewritten()
    {
    }

    public override void RetryWorthwhile() => Retries++;
}

/// <summary>
/// Carries a Ksock's messages as a link does: its process takes from its own view of the queue, and the bus hears of it later. Some
/// messages it keeps itself, so that the queue need not.
/// </summary>
internal sealed class SelfTakingCarrier : Carrier
{
    private readonly List<string> _view = [];
    private readonly Dictionary<uint, byte[]> _kept = [];
    private uint _nextPlace;
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

        taken = _view[0];
        _view.RemoveAt(0);
        _unobserved++;
        if (_tells)
        {
            _bus!.NoteTakes(_ksock!);
            Assert.Equal(0, _unobserved);
        }

        return true;
    }

    public override bool TryKeep(StoredMessage message, MessageFlags flags, out uint place)
    {
        place = ++_nextPlace;
        if (_isFrozen || place % 3 == 0)
        {
            return false;
        }

        Keep(place, message);
        _view.Add(RealMessage.Print(new DeliveredMessage(message, flags)));
        return true;
    }

    public override void Appended()
    {
        Assert.False(_isFrozen, "nothing is appended while the queue is rewritten");
        MessageQueue queue = _ksock!.Queue;
        _view.Add(RealMessage.Print(queue[queue.Count - 1].Delivered));
    }

    public override void Rewritten()
    {
        Assert.True(_isFrozen, "only a frozen queue is rewritten");
        Assert.Equal(0, _unobserved);
        _isFrozen = false;
        _view.Clear();
        for (int i = 0; i < _ksock!.Queue.Count; i++)
        {
            if (_ksock.Queue[i].Message is null)
            {
                GiveBack(i);
            }

            _view.Add(RealMessage.Print(_ksock.Queue[i].Delivered));
        }

        // What is left was thrown away.
        _kept.Clear();
        for (int i = 0; i < _ksock.Queue.Count; i += 2)
        {
            Keep(++_nextPlace, _ksock.Queue[i].Message!);
            _ksock.Queue.LeaveToCarrier(i, _nextPlace);
        }
    }

    public override void RetryWorthwhile()
    {
    }

    public override int ObserveTaken()
    {
        int taken = _unobserved;
        _unobserved = 0;
        for (int i = 0; i < taken; i++)
        {
            QueueEntry entry = _ksock!.Queue[i];
            Assert.Equal(entry.Message is null, _kept.Remove(entry.Place));
        }

        return taken;
    }

    public override void Freeze() => _isFrozen = true;

    public override void TellTakes(bool tell) => _tells = tell;

    private void Keep(uint place, StoredMessage message)
    {
        byte[] bytes = new byte[message.EntireLength];
        message.CopyEntire(0, bytes, message.Header.Flags);
        _kept.Add(place, bytes);
    }

    private void GiveBack(int place)
    {
        Assert.True(_kept.Remove(_ksock!.Queue[place].Place, out byte[]? bytes));
        StoredMessage message = _bus!.Pool.Rent(bytes.Length, bytes.Length);
        bytes.CopyTo(message.Buffer);
        _ksock.Queue.TakeFromCarrier(place, message);
    }
}

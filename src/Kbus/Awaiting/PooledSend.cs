using System.Threading.Tasks.Sources;
using Kbus.Hosts;

namespace Kbus;

/// <summary>A send that does not block and allocates nothing once warm: it is used again when its outcome has been fetched.</summary>
/// <remarks>Continuations run on the thread pool, and only if the outcome was awaited before it was there.</remarks>
internal sealed class PooledSend(PooledSends pool) : IPostedSend, IValueTaskSource<MessageId>
{
    private ManualResetValueTaskSourceCore<MessageId> _core = new() { RunContinuationsAsynchronously = true };
    private Ksock? _ksock;
    private Message? _message;

    /// <summary>The task of the outcome; awaited once.</summary>
    public ValueTask<MessageId> Task => new(this, _core.Version);

    /// <summary>Makes it ready for one send.</summary>
    /// <param name="ksock">Who sends.</param>
    /// <param name="message">What is sent, for the words of a refusal; null if only its bytes are at hand.</param>
    public void Begin(Ksock ksock, Message? message) => (_ksock, _message) = (ksock, message);

    public void Complete(Errno error, MessageId id)
    {
        if (error == Errno.None)
        {
            _core.SetResult(id);
        }
        else
        {
            _core.SetException(_ksock!.RefusedLater(error, _message));
        }
    }

    public MessageId GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            (_ksock, _message) = (null, null);
            pool.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>Sends to be used again, of one Ksock. Any thread may call; the lock is a leaf.</summary>
internal sealed class PooledSends
{
    private const int MostKept = 1024;
    private readonly Stack<PooledSend> _free = new();
    private readonly Lock _lock = new();

    /// <summary>One that nobody uses.</summary>
    public PooledSend Rent()
    {
        lock (_lock)
        {
            return _free.TryPop(out PooledSend? send) ? send : new PooledSend(this);
        }
    }

    /// <summary>Takes one back.</summary>
    public void Return(PooledSend send)
    {
        lock (_lock)
        {
            if (_free.Count < MostKept)
            {
                _free.Push(send);
            }
        }
    }
}

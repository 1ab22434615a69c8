using System.Threading.Tasks.Sources;
using Kbus.Hosts;

namespace Kbus;

/// <summary>A <see cref="MessageBatch"/> on its way, and the task of its end.</summary>
/// <remarks>Continuations run on the thread pool, never on the thread that hears from the bus.</remarks>
internal sealed class BatchRun(MessageBatch batch) : SendRun, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _core = new() { RunContinuationsAsynchronously = true };
    private KsockHost? _host;
    private ulong _last;
    private int _isTold;

    /// <summary>True once it was sent and the outcomes are there.</summary>
    public bool IsSent { get; private set; }

    /// <summary>Sends the batch; when this returns, the bus has answered to all.</summary>
    /// <returns>How many were sent.</returns>
    public int Send(KsockHost host)
    {
        Reserve(host);
        _isTold = 1;
        Start(host);
        Settle(host);
        return End();
    }

    /// <summary>Sends the batch without waiting for the bus.</summary>
    public ValueTask<int> SendAsync(KsockHost host)
    {
        Reserve(host);
        return SendReservedAsync();
    }

    /// <summary>From now on the batch is under way, and stays as it is.</summary>
    /// <exception cref="InvalidOperationException">It is already.</exception>
    public void Reserve(KsockHost host)
    {
        ThrowIfUnderWay();
        _host = host;
    }

    /// <summary>Sends the batch, which is reserved, without waiting for the bus.</summary>
    public ValueTask<int> SendReservedAsync()
    {
        KsockHost host = _host!;
        _isTold = 0;
        Start(host);
        if (AnyFailed)
        {
            // Then nobody can tell which outcome is the last. It is rare, and the bus is quick.
            Settle(host);
        }

        TellIfDone();
        return new ValueTask<int>(this, _core.Version);
    }

    /// <inheritdoc/>
    public override void Complete(ReadOnlySpan<SendOutcome> outcomes)
    {
        base.Complete(outcomes);
        if (MayBeDone)
        {
            // The pair of the fence in Start: either this sees that all have been posted, or the poster sees this outcome.
            Interlocked.MemoryBarrier();
            TellIfDone();
        }
    }

    /// <summary>A batch under way stays as it is.</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public void ThrowIfUnderWay()
    {
        if (_host is not null)
        {
            throw new InvalidOperationException("The batch is being sent. Wait for the end of that before using it again.");
        }

        IsSent = false;
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        _ = _core.GetResult(token);
        int sent = End();
        _core.Reset();
        return sent;
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        ValueTaskSourceStatus status = _core.GetStatus(token);
        if (status == ValueTaskSourceStatus.Pending)
        {
            _host!.LookForOutcome(_last);
            status = _core.GetStatus(token);
        }

        return status;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        // From here on this may be completed, and used again, at any moment.
        (KsockHost host, ulong last) = (_host!, _last);
        _core.OnCompleted(continuation, state, token, flags);
        host.TellOutcome(last);
    }

    private void Start(KsockHost host)
    {
        Begin(batch.Count);
        _last = host.PostAll(new BatchMessages(batch), this);
        Interlocked.MemoryBarrier();
    }

    private void Settle(KsockHost host)
    {
        host.SettleOutcomes(_last);
        WaitUntilTold();
    }

    private int End()
    {
        _host = null;
        IsSent = true;
        int sent = 0;
        foreach (SendOutcome outcome in Outcomes)
        {
            sent += outcome.Error == Errno.None ? 1 : 0;
        }

        return sent;
    }

    private void TellIfDone()
    {
        if (IsDone && Interlocked.Exchange(ref _isTold, 1) == 0)
        {
            _core.SetResult(0);
        }
    }
}

using System.Runtime.CompilerServices;

namespace Kbus;

public sealed partial class Ksock
{
    private int _asyncRequests;
    private int _pumping;

    /// <summary>Reads the next message, waiting for one without blocking. A waiting send is tried again meanwhile.</summary>
    /// <param name="timeout">How long to wait at most; null for ever, zero for not at all.</param>
    /// <param name="cancellationToken">Ends the wait. No message is lost by it.</param>
    /// <returns>The message; null if the time ran out.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed meanwhile.</exception>
    public ValueTask<Message?> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        _ = new WaitLimit(timeout);
        cancellationToken.ThrowIfCancellationRequested();
        return ReadNextMessage() is { } message
            ? new ValueTask<Message?>(message)
            : new ValueTask<Message?>(ReceiveLaterAsync(timeout, cancellationToken));
    }

    /// <summary>Reads messages as they come, until cancelled.</summary>
    /// <param name="cancellationToken">Ends the reading. No message is lost by it.</param>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    public async IAsyncEnumerable<Message> ReceiveAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Message? message = await ReceiveAsync(null, cancellationToken).ConfigureAwait(false);
            yield return message!;
        }
    }

    /// <summary>Lets <c>await foreach</c> read messages as they come, as <see cref="ReceiveAllAsync"/> does.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerator<Message> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        ReceiveAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Sends a Request and waits for its answer without blocking. Many may be in flight at once.</summary>
    /// <remarks>Answers are matched by the Request's id, whoever reads them off the queue; other messages stay there, in their order.</remarks>
    /// <param name="request">The Request.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait; the answer, if one comes, is then an ordinary message.</param>
    /// <returns>The Reply, or a Status that says why there is none; null if the time ran out.</returns>
    /// <exception cref="ArgumentException">The message is not a Request.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed meanwhile.</exception>
    public Task<Message?> RequestAsync(Message request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        CheckRequest(request);
        ThrowIfClosed();
        _ = new WaitLimit(timeout);
        return (Mode & KsockMode.Read) != 0
            ? AskAsync(request, timeout ?? Timeout.InfiniteTimeSpan, cancellationToken)
            : throw Refusals.OfRead(Errno.EBADF, Name);
    }

    private async Task<Message?> ReceiveLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TimeProvider clock = _options.TimeProvider;
        long start = clock.GetTimestamp();
        while (true)
        {
            long since = _host.WatchNews();
            TryWaiting();
            if (ReadNextMessage() is { } message)
            {
                return message;
            }

            TimeSpan left = Timeout.InfiniteTimeSpan;
            if (timeout is { } most && most != Timeout.InfiniteTimeSpan)
            {
                left = most - clock.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    return null;
                }
            }

            try
            {
                await _bell.Next(since).WaitAsync(WaitLimit.Shortened(left), clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Round again: one more look, so that what came together with the end of the time is not left lying.
            }
        }
    }

    private async Task<Message?> AskAsync(Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource? limit =
            timeout == Timeout.InfiniteTimeSpan ? null : new CancellationTokenSource(WaitLimit.Shortened(timeout), _options.TimeProvider);
        using CancellationTokenSource? either = limit is null || !cancellationToken.CanBeCanceled
            ? null
            : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        CancellationToken ends = either?.Token ?? limit?.Token ?? cancellationToken;
        var completion = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = new PendingAnswer();
        pending.Reset(completion);
        Interlocked.Increment(ref _asyncRequests);
        try
        {
            await SendAsync(request, pending, ends).ConfigureAwait(false);
            Pump();
            return await completion.Task.WaitAsync(ends).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // Whoever answered first has won: an answer that was handed over is not thrown away.
            if (!_answers.Withdraw(pending) && pending.IsDone)
            {
                return await completion.Task.ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _asyncRequests);
        }
    }

    /// <summary>Sees to it that somebody takes the answers that asynchronous Requests wait for.</summary>
    private void Pump()
    {
        if (Interlocked.Exchange(ref _pumping, 1) == 0)
        {
            // Not on the caller's stack: while there is always news, as on a dead bus, it would not come back to the caller.
            _ = Task.Run(PumpAsync);
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                long since = _host.WatchNews();
                TakeAnswers();
                if (Volatile.Read(ref _asyncRequests) > 0 && !_isClosed)
                {
                    await _bell.Next(since).ConfigureAwait(false);
                    continue;
                }

                Volatile.Write(ref _pumping, 0);
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _asyncRequests) == 0 || _isClosed || Interlocked.Exchange(ref _pumping, 1) != 0)
                {
                    return;
                }
            }
        }
        catch (Exception fault)
        {
            // Nobody awaits the pump: those who wait for answers must hear of it.
            _answers.Abandon(() => fault);
            throw;
        }
    }
}

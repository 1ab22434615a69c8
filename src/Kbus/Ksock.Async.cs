using System.Runtime.CompilerServices;
using Kbus.Linux;

namespace Kbus;

public sealed partial class Ksock
{
    // On the thread pool so many messages may be received one after the other, without a wait, before others have their turn.
    private const int MostInARow = 64;
    private int _inARow;
    private int _asyncRequests;
    private int _pumping;

    /// <summary>Reads the next message, waiting for one without blocking. A waiting send is tried again meanwhile.</summary>
    /// <remarks>
    /// Messages that come continuously keep nobody else from running: with a <see cref="SynchronizationContext"/>, as that of a user
    /// interface, each comes in a turn of its own, and on the thread pool others have their turn now and then.
    /// </remarks>
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
        if (ReadNextMessage() is not { } message)
        {
            return new ValueTask<Message?>(ReceiveLaterAsync(timeout, cancellationToken));
        }

        return IsOthersTurn() ? new ValueTask<Message?>(AfterOthersAsync(message)) : new ValueTask<Message?>(message);
    }

    /// <summary>Reads messages as they come, until cancelled. Each is taken when it is asked for, and not before.</summary>
    /// <remarks>Others have their turn as for <see cref="ReceiveAsync"/>.</remarks>
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
    /// <remarks>Answers come beside the queue; messages stay there, in their order.</remarks>
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
            ? RequestLaterAsync(request, timeout ?? Timeout.InfiniteTimeSpan, cancellationToken)
            : throw Refusals.OfRead(Errno.EBADF, Name);
    }

    private async Task<Message?> ReceiveLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TimeProvider clock = _options.TimeProvider;
        long start = clock.GetTimestamp();
        bool hasWaited = false;
        while (true)
        {
            long since = _host.WatchNews();
            TryWaiting(Deadline.Passed);
            if (ReadNextMessage() is { } message)
            {
                return hasWaited || !IsOthersTurn() ? message : await AfterOthersAsync(message).ConfigureAwait(false);
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
                (hasWaited, _inARow) = (true, 0);
                await _bell.Next(since).WaitAsync(WaitLimit.Shortened(left), clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Round again: one more look, so that what came together with the end of the time is not left lying.
            }
        }
    }

    /// <summary>Whether who receives has had the thread for long enough: an await that never waits would keep it for ever.</summary>
    private bool IsOthersTurn()
    {
        if (SynchronizationContext.Current is null && TaskScheduler.Current == TaskScheduler.Default && ++_inARow < MostInARow)
        {
            return false;
        }

        _inARow = 0;
        return true;
    }

    private static async Task<Message?> AfterOthersAsync(Message message)
    {
        // By way of the pool: a caller that blocks its context until it has the message is not waited for.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return message;
    }

    private async Task<Message?> RequestLaterAsync(Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource? limit =
            timeout == Timeout.InfiniteTimeSpan ? null : new CancellationTokenSource(WaitLimit.Shortened(timeout), _options.TimeProvider);
        using CancellationTokenSource? either = limit is null || !cancellationToken.CanBeCanceled
            ? null
            : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        CancellationToken ends = either?.Token ?? limit?.Token ?? cancellationToken;
        var completion = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = new PendingAnswer(completion);
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
            _host.GiveUp(pending);
            if (pending.IsDone)
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
                long since = _host.WatchNews(forAnswers: true);
                _host.TakeAnswers(own: null);
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
            _host.Requests.Abandon(() => fault);
            throw;
        }
    }
}

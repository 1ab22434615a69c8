using System.Runtime.CompilerServices;

namespace Kbus;

public sealed partial class Ksock
{
    private readonly PooledSends _sends = new();
    private int _asyncRequests;
    private int _pumping;

    /// <summary>Sends a message without blocking. Many may be in flight; they are sent in the order of the calls.</summary>
    /// <param name="message">The message. With ALL_OR_WAIT the task goes on until it was sent; later sends wait their turn behind it.</param>
    /// <param name="cancellationToken">Gives up a message that is not sent yet; one that was sent stays sent.</param>
    /// <returns>The id that the bus gave it.</returns>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>, but never EAGAIN.</exception>
    /// <exception cref="OperationCanceledException">It was given up: nobody will receive it.</exception>
    public ValueTask<MessageId> SendAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfClosed();
        if (MustQueueUp(message.Flags) || cancellationToken.IsCancellationRequested)
        {
            return new ValueTask<MessageId>(SendAsync(message, null, cancellationToken));
        }

        PooledSend send = _sends.Rent();
        ValueTask<MessageId> outcome = send.Task;
        send.Begin(this, message);
        _host.Post(message.Header, message.NameBytes, message.Data.Span, false, send);
        return outcome;
    }

    /// <summary>Sends an announcement, or with WANT_A_REPLY a Request, without blocking and, once warm, without allocating.</summary>
    /// <param name="name">Its name, in ASCII; copied before this returns.</param>
    /// <param name="data">Its data; copied before this returns.</param>
    /// <param name="flags">Its flags. ALL_OR_WAIT is not for this form: use <see cref="SendAsync(Message, CancellationToken)"/>.</param>
    /// <returns>The id that the bus gave it. To be awaited once.</returns>
    /// <exception cref="ArgumentException">The flags contain ALL_OR_WAIT.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    public ValueTask<MessageId> SendAsync(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        ThrowIfClosed();
        if ((flags & MessageFlags.AllOrWait) != 0)
        {
            throw new ArgumentException("A message that may have to wait is sent by SendAsync(Message).", nameof(flags));
        }

        PooledSend send = _sends.Rent();
        ValueTask<MessageId> outcome = send.Task;
        send.Begin(this, null);
        _host.Post(new Core.MessageHeader { Flags = flags }, name, data, false, send);
        return outcome;
    }

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
            : throw Refusals.OfRead(Errno.EBADF);
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
                await _bell.Next(since).WaitAsync(left, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // One more look: what came together with the end of the time is not left lying.
                return ReadNextMessage();
            }
        }
    }

    private async Task<Message?> AskAsync(Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var completion = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = new PendingAnswer();
        pending.Reset(completion);
        Interlocked.Increment(ref _asyncRequests);
        try
        {
            await SendAsync(request, pending, either.Token).ConfigureAwait(false);
            Pump();
            return await completion.Task.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
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
            _ = PumpAsync();
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

namespace Kbus;

// Sends that do not block. A message with ALL_OR_WAIT opens a lane: until it is sent, later sends queue up behind it.
public sealed partial class Ksock
{
    private readonly Lock _laneLock = new();
    private Task _lane = Task.CompletedTask;

    private Task<MessageId> SendAsync(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<MessageId>(cancellationToken);
        }

        if (!MustQueueUp(message.Flags))
        {
            return OutcomeAsync(Post(message, pending));
        }

        Task before;
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_laneLock)
        {
            before = _lane;
            _lane = turn.Task;
        }

        return SendInTurnAsync(message, pending, before, turn, cancellationToken);
    }

    /// <summary>A message that may wait opens a lane, and others queue up in a lane that is open.</summary>
    private bool MustQueueUp(MessageFlags flags) => (flags & MessageFlags.AllOrWait) != 0 || !Volatile.Read(ref _lane).IsCompleted;

    private PostedSend Post(Message message, PendingAnswer? pending)
    {
        var posted = new PostedSend(message, _answers, pending);
        if (pending is not null)
        {
            _answers.Begin(pending);
        }

        _host.Post(message.Header, message.NameBytes, message.Data.Span, pending is not null, posted);
        return posted;
    }

    private async Task<MessageId> OutcomeAsync(PostedSend posted)
    {
        (Errno error, MessageId id) = await posted.Task.ConfigureAwait(false);
        return error == Errno.None ? id : throw Refused(error, posted.Message);
    }

    private async Task<MessageId> SendInTurnAsync(
        Message message, PendingAnswer? pending, Task before, TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        try
        {
            await before.WaitAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfClosed();
            return (message.Flags & MessageFlags.AllOrWait) != 0
                ? await SendWaitingAsync(message, pending, cancellationToken).ConfigureAwait(false)
                : await OutcomeAsync(Post(message, pending)).ConfigureAwait(false);
        }
        finally
        {
            PassOn(before, turn);
        }
    }

    /// <summary>The next in the lane has its turn once this one is done, and the one before it, which it may have stopped waiting for.</summary>
    private static void PassOn(Task before, TaskCompletionSource turn)
    {
        if (before.IsCompleted)
        {
            turn.SetResult();
        }
        else
        {
            _ = before.ContinueWith(
                static (_, state) => ((TaskCompletionSource)state!).SetResult(), turn, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<MessageId> SendWaitingAsync(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        WaitingSend waiting = Own() ?? throw Refused(Errno.EALREADY, message);
        try
        {
            (Errno error, MessageId id) = await Post(message, pending).Task.ConfigureAwait(false);
            if (error == Errno.EAGAIN)
            {
                waiting.Start();
                error = await WaitForRoomAsync(waiting, cancellationToken).ConfigureAwait(false);
            }

            if (error == Errno.None)
            {
                return id;
            }

            if (pending is not null)
            {
                _answers.Withdraw(pending);
            }

            throw Refused(error, message);
        }
        finally
        {
            Disown(waiting);
        }
    }

    private async Task<Errno> WaitForRoomAsync(WaitingSend waiting, CancellationToken cancellationToken)
    {
        while (true)
        {
            long since = _host.WatchNews();
            Errno outcome = waiting.Retry();
            if (outcome != Errno.EAGAIN)
            {
                return outcome;
            }

            try
            {
                await _bell.Next(since).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!waiting.GiveUp())
            {
                // Its outcome was final before it could be given up; it is told as it is.
                return waiting.Outcome;
            }
        }
    }

    /// <summary>The exception for a send whose outcome is fetched later.</summary>
    internal Exception RefusedLater(Errno error, Message? message) =>
        message is not null ? Refused(error, message) : Unless(new KbusException(error));

    private Exception Refused(Errno error, Message message) =>
        SendRefused(error, message.Header, message.NameBytes, message.Data.Length);
}

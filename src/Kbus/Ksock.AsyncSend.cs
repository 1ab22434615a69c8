using Kbus.Core;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

// Sends that do not block. A message with ALL_OR_WAIT opens a lane: until it is sent, later sends queue up behind it.
public sealed partial class Ksock
{
    private const int MaxSparePosts = 4096;
    private static readonly TimeSpan BetweenPosts = TimeSpan.FromMilliseconds(20);
    private readonly Lock _laneLock = new();
    private readonly Stack<PostedSend> _sparePosts = new();
    private PostedSend? _sparePost;
    private Task _lane = Task.CompletedTask;

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
        return SendAsync(message, null, cancellationToken);
    }

    /// <summary>Sends an announcement, or with WANT_A_REPLY a Request, without blocking, and without allocating once warm.</summary>
    /// <param name="name">Its name, in ASCII; copied before the call returns.</param>
    /// <param name="data">Its data; copied before the call returns.</param>
    /// <param name="flags">Its flags.</param>
    /// <returns>The id that the bus gave it.</returns>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>, but never EAGAIN.</exception>
    public ValueTask<MessageId> SendAsync(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        ThrowIfClosed();
        if ((flags & MessageFlags.AllOrWait) == 0 && Volatile.Read(ref _lane).IsCompleted)
        {
            PostedSend posted = Post(new MessageHeader { Flags = flags }, name, data, null, Deadline.Passed);
            if (!posted.FoundNoRoom(out _))
            {
                return posted.Id;
            }
        }

        return SendInTurn(Message.Read(new MessageHeader { Flags = flags }, name, data), null, CancellationToken.None);
    }

    /// <summary>Sends the messages of a batch without blocking. Many batches may be in flight; they are sent in the order of the calls.</summary>
    /// <param name="batch">The messages. It cannot be changed until the task has ended; its outcomes tell what became of each.</param>
    /// <returns>How many were sent. One that could not be keeps none of the others back.</returns>
    /// <exception cref="ObjectDisposedException">The Ksock is closed.</exception>
    public ValueTask<int> SendAsync(MessageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ThrowIfClosed();
        if (Volatile.Read(ref _lane).IsCompleted)
        {
            return batch.Run.SendAsync(_host);
        }

        batch.Run.Reserve(_host);
        Task before = QueueUp(out TaskCompletionSource turn);
        return new ValueTask<int>(SendInTurnAsync(batch, before, turn));
    }

    /// <summary>Keeps a send whose outcome was asked for, for the next one.</summary>
    internal void GiveBack(PostedSend posted)
    {
        // Whoever keeps a number of sends in flight asks for one outcome and sends one message by turns.
        if (Interlocked.CompareExchange(ref _sparePost, posted, null) is null)
        {
            return;
        }

        lock (_sparePosts)
        {
            if (_sparePosts.Count < MaxSparePosts)
            {
                _sparePosts.Push(posted);
            }
        }
    }

    private ValueTask<MessageId> SendAsync(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MessageId>(cancellationToken);
        }

        bool mayWait = (message.Flags & MessageFlags.AllOrWait) != 0;
        if (!mayWait && Volatile.Read(ref _lane).IsCompleted)
        {
            PostedSend posted = Post(message.Header, message.NameBytes, message.Data.Span, pending, Deadline.Passed);
            if (!posted.FoundNoRoom(out _))
            {
                return cancellationToken.CanBeCanceled ? SendOrWithdraw(posted, cancellationToken) : posted.Id;
            }
        }

        return SendInTurn(message, pending, cancellationToken);
    }

    /// <summary>The outcome of a post, or its withdrawal when the caller gives it up and the bus has not begun with it.</summary>
    private ValueTask<MessageId> SendOrWithdraw(PostedSend posted, CancellationToken cancellationToken)
    {
        // Asked for before the outcome, after which the post is used for another send.
        ulong number = posted.Number;
        ValueTask<MessageId> id = posted.Id;
        return id.IsCompleted ? id : new ValueTask<MessageId>(SendOrWithdrawAsync(id.AsTask(), number, cancellationToken));
    }

    private async Task<MessageId> SendOrWithdrawAsync(Task<MessageId> sending, ulong number, CancellationToken cancellationToken)
    {
        try
        {
            return await sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!sending.IsCompleted)
        {
            _ = _host.WithdrawPost(number);

            // A late refusal is nobody's business any more.
            _ = sending.ContinueWith(
                static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private ValueTask<MessageId> SendInTurn(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        Task before = QueueUp(out TaskCompletionSource turn);
        return new ValueTask<MessageId>(SendInTurnAsync(message, pending, before, turn, cancellationToken));
    }

    /// <summary>Takes a place in the lane: what is to be waited for, and what the next in it waits for.</summary>
    private Task QueueUp(out TaskCompletionSource turn)
    {
        turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_laneLock)
        {
            Task before = _lane;
            _lane = turn.Task;
            return before;
        }
    }

    private PostedSend Post(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, PendingAnswer? pending, Deadline deadline)
    {
        PostedSend? posted = Interlocked.Exchange(ref _sparePost, null);
        if (posted is null)
        {
            lock (_sparePosts)
            {
                _sparePosts.TryPop(out posted);
            }
        }

        posted ??= new PostedSend(this);
        posted.Begin(header, name, data.Length);
        uint tag = pending is null ? 0 : _host.Requests.Begin(pending);
        posted.Post(new OutgoingMessage(in header, name, data) { Tag = tag }, deadline);
        return posted;
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
                : await SendOrWithdraw(await PostLaterAsync(message, pending, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            PassOn(before, turn);
        }
    }

    /// <summary>Posts a message. While the bus stands still and has no room left for commands, nobody is kept: this tries again now and then.</summary>
    private async Task<PostedSend> PostLaterAsync(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        while (true)
        {
            PostedSend posted = Post(message.Header, message.NameBytes, message.Data.Span, pending, Deadline.Passed);
            if (!posted.FoundNoRoom(out _))
            {
                return posted;
            }

            await Task.Delay(BetweenPosts, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<int> SendInTurnAsync(MessageBatch batch, Task before, TaskCompletionSource turn)
    {
        try
        {
            await before.ConfigureAwait(false);
            return await batch.Run.SendReservedAsync().ConfigureAwait(false);
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
            return;
        }

        _ = before.ContinueWith(
            static (_, state) => ((TaskCompletionSource)state!).SetResult(),
            turn,
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
    }

    private async Task<MessageId> SendWaitingAsync(Message message, PendingAnswer? pending, CancellationToken cancellationToken)
    {
        WaitingSend waiting = Own() ?? throw Refused(Errno.EALREADY, message);
        try
        {
            (Errno error, MessageId id) = await (await PostLaterAsync(message, pending, cancellationToken).ConfigureAwait(false))
                .Outcome.ConfigureAwait(false);
            if (error == Errno.EAGAIN)
            {
                waiting.Start();
                error = await WaitForRoomAsync(waiting, cancellationToken).ConfigureAwait(false);
            }

            if (error == Errno.None)
            {
                return id;
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
            Errno outcome = waiting.Retry(Deadline.Passed);
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

    private Exception Refused(Errno error, Message message) =>
        SendRefused(error, message.Header, message.NameBytes, message.Data.Length, mayAsk: false);
}

using Kbus.Core;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

public sealed partial class Ksock
{
    private PendingAnswer? _sparePending;

    /// <summary>Sends a Request and waits for its answer. Other messages that come meanwhile stay in the queue, in their order.</summary>
    /// <param name="request">The Request.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <returns>
    /// The Reply, or a Status that says why there is none. Null if the time ran out: the answer, if one comes, is then an ordinary
    /// message; a Request that still waited for room (ALL_OR_WAIT) is given up.
    /// </returns>
    /// <exception cref="ArgumentException">The message is not a Request.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public Message? Request(Message request, TimeSpan? timeout = null)
    {
        CheckRequest(request);
        MessageBuffer buffer = Borrow();
        try
        {
            return Ask(request.Header, request.NameBytes, request.Data.Span, buffer, timeout) ? buffer.ToMessage() : null;
        }
        finally
        {
            GiveBack(buffer);
        }
    }

    /// <summary>Sends a Request and waits for its answer, without allocating.</summary>
    /// <param name="name">The Request's name, in ASCII.</param>
    /// <param name="data">Its data.</param>
    /// <param name="answer">Takes the Reply, or the Status.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <returns>False if the time ran out: the answer, if one comes, is then an ordinary message.</returns>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public bool Request(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageBuffer answer, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Ask(new MessageHeader { Flags = MessageFlags.WantAReply }, name, data, answer, timeout);
    }

    private static void CheckRequest(Message request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.IsRequest)
        {
            throw new ArgumentException($"Only a Request gets an answer: {request}");
        }
    }

    internal bool Ask(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageBuffer answer, TimeSpan? timeout) =>
        TryAsk(header, name, data, answer, timeout) == Errno.None;

    /// <summary>Sends a Request and waits for its answer.</summary>
    /// <returns>
    /// None; ETIMEDOUT if the time ran out; while the bus stands still a signal gives EINTR, and then nothing was sent, or EINPROGRESS, and then
    /// it may have been.
    /// </returns>
    /// <exception cref="KbusException">It could not be sent.</exception>
    internal Errno TryAsk(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, MessageBuffer answer, TimeSpan? timeout)
    {
        ThrowIfClosed();
        if ((Mode & KsockMode.Read) == 0)
        {
            throw Refusals.OfRead(Errno.EBADF, Name);
        }

        var limit = new WaitLimit(timeout);
        answer.Clear();
        PendingAnswer pending = Interlocked.Exchange(ref _sparePending, null) ?? new PendingAnswer();
        pending.Reset(answer);
        try
        {
            return (header.Flags & MessageFlags.AllOrWait) != 0
                ? AskWithPatience(header, name, data, pending, limit)
                : WaitForAnswer(pending, Post(header, name, data, pending, limit.Deadline), limit);
        }
        finally
        {
            if (!pending.IsDone)
            {
                _host.GiveUp(pending);
            }

            Volatile.Write(ref _sparePending, pending);
        }
    }

    /// <summary>Waits for the answer to a Request, and for the outcome of its sending only if there is no answer.</summary>
    /// <param name="pending">The Request.</param>
    /// <param name="posted">Its sending.</param>
    /// <param name="limit">How long.</param>
    private Errno WaitForAnswer(PendingAnswer pending, PostedSend posted, in WaitLimit limit)
    {
        if (posted.FoundNoRoom(out Errno ended))
        {
            return ended;
        }

        while (true)
        {
            TimeSpan left = ended == Errno.ETIMEDOUT ? TimeSpan.Zero : limit.Left;
            _host.WaitBriefly(left, forAnswer: true);
            if (HasAnswer(pending, posted, limit))
            {
                return Errno.None;
            }

            long since = _host.WatchNews(forAnswers: true);
            if (HasAnswer(pending, posted, limit))
            {
                return Errno.None;
            }

            if (left == TimeSpan.Zero || ended == Errno.EINTR)
            {
                // Only what was sent can be given up as such.
                if (_host.SettleOutcomes(posted.Number, Deadline.Passed) != Errno.None)
                {
                    return WithdrawRequest(pending, posted, ended);
                }

                if (left == TimeSpan.Zero)
                {
                    posted.WaitUntilTold();
                    _ = posted.Id.GetAwaiter().GetResult();
                    return GiveUp(pending);
                }
            }

            // A bus that has answered to the sending does not stand still, and then no signal ends the wait for the replier.
            ended = _host.WaitForNews(since, left);
        }
    }

    /// <summary>The time is over. A late answer will be an ordinary message.</summary>
    private Errno GiveUp(PendingAnswer pending)
    {
        _host.GiveUp(pending);
        ThrowIfClosed();
        return pending.IsDone ? Errno.None : Errno.ETIMEDOUT;
    }

    /// <summary>The bus stands still: takes the Request back, if it can be taken back. Its answer, if one comes, is an ordinary message.</summary>
    private Errno WithdrawRequest(PendingAnswer pending, PostedSend posted, Errno ended)
    {
        bool isWithdrawn = posted.Withdraw();
        Errno error = GiveUp(pending);
        return error == Errno.None || ended != Errno.EINTR ? error : isWithdrawn ? Errno.EINTR : Errno.EINPROGRESS;
    }

    /// <summary>Takes the answer, if it has come. Throws if the Request was refused.</summary>
    private bool HasAnswer(PendingAnswer pending, PostedSend posted, in WaitLimit limit)
    {
        _host.TakeAnswers(pending);
        ThrowIfClosed();
        if (!pending.IsDone && !posted.IsRefused)
        {
            return false;
        }

        // Asking for the outcome frees the post for another send. It may come a little later than the answer.
        if (_host.SettleOutcomes(posted.Number, limit.Deadline) == Errno.None)
        {
            posted.WaitUntilTold();
            _ = posted.Id.GetAwaiter().GetResult();
        }

        return true;
    }

    /// <summary>Asks with ALL_OR_WAIT: the Request may have to wait for room before it is sent.</summary>
    private Errno AskWithPatience(
        in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, PendingAnswer pending, in WaitLimit limit)
    {
        WaitingSend? waiting = Own() ?? throw SendRefused(Errno.EALREADY, header, name, data.Length);

        // The answer, closing and a reason to try again are news after this, so that nobody need look before the first wait.
        long since = _host.WatchNews(forAnswers: true);
        uint tag = _host.Requests.Begin(pending);
        Errno error = _host.Send(new OutgoingMessage(in header, name, data) { Tag = tag }, SendManner.None, limit.Deadline, out _);
        try
        {
            if (error == Errno.EAGAIN)
            {
                waiting.Start();
            }
            else if (error is Errno.ETIMEDOUT or Errno.EINTR or Errno.EINPROGRESS)
            {
                return error == Errno.EINPROGRESS && limit.Left == TimeSpan.Zero ? Errno.ETIMEDOUT : error;
            }
            else if (error != Errno.None)
            {
                throw SendRefused(error, header, name, data.Length);
            }
            else
            {
                Disown(waiting);
                waiting = null;
            }

            bool isAnswered = WaitForAnswer(pending, waiting, since, limit)
                ?? throw SendRefused(waiting!.Outcome, header, name, data.Length);
            return isAnswered ? Errno.None : Errno.ETIMEDOUT;
        }
        finally
        {
            Disown(waiting);
        }
    }

    /// <summary>Waits for the answer to a Request that may still wait for room.</summary>
    /// <returns>True if there is one, false if the time ran out, null if the Request, which waited for room, cannot be sent.</returns>
    private bool? WaitForAnswer(PendingAnswer pending, WaitingSend? waiting, long since, in WaitLimit limit)
    {
        while (true)
        {
            TimeSpan left = limit.Left;
            bool isOver = left == TimeSpan.Zero;
            if (!isOver)
            {
                isOver = _host.WaitForNews(since, left) == Errno.ETIMEDOUT;
            }

            since = _host.WatchNews(forAnswers: true);
            ThrowIfClosed();
            Errno outcome = waiting?.Retry(limit.Deadline) ?? Errno.None;
            if (outcome == Errno.None)
            {
                Disown(waiting);
            }

            _host.TakeAnswers(pending);
            if (!pending.IsDone && isOver)
            {
                if (outcome == Errno.EAGAIN)
                {
                    waiting?.GiveUp();
                }

                _host.GiveUp(pending);
            }

            if (pending.IsDone)
            {
                ThrowIfClosed();
                return true;
            }

            if (outcome is not (Errno.None or Errno.EAGAIN))
            {
                return null;
            }

            if (isOver)
            {
                return false;
            }
        }
    }

    /// <summary>Claims the one place for a message that waits; null if another call has it.</summary>
    private WaitingSend? Own()
    {
        var waiting = new WaitingSend(_host);
        return Interlocked.CompareExchange(ref _owner, waiting, null) is null ? waiting : null;
    }

    private void Disown(WaitingSend? waiting)
    {
        if (waiting is not null)
        {
            Interlocked.CompareExchange(ref _owner, null, waiting);
        }
    }
}

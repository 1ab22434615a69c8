namespace Kbus.Native;

/// <summary>Messages that are sent together: all are handed to the bus, and their outcomes are waited for at once or later.</summary>
/// <remarks>Any thread may call. Batches are sent, and ended, in the order in which they were begun.</remarks>
internal sealed unsafe class PostedMessages(Ksock ksock)
{
    private const int MostUnderWay = 16;
    private readonly Lock _lock = new();
    private readonly Queue<(SendRun Run, ulong Last)> _underWay = [];
    private readonly Stack<SendRun> _spare = [];

    /// <summary>Sends messages in their order; how many were sent, or -EINTR (<see cref="End"/>).</summary>
    public int SendAll(ReadOnlySpan<nint> messages, Span<SendResult> results)
    {
        SendRun run;
        ulong last;
        lock (_lock)
        {
            last = Post(messages, out run);
        }

        return Settle(run, last, results);
    }

    /// <summary>Hands messages to the bus in their order. When this returns they are their owner's again.</summary>
    /// <returns>None, or EBUSY if too many batches are under way.</returns>
    public Errno Begin(ReadOnlySpan<nint> messages)
    {
        lock (_lock)
        {
            if (_underWay.Count >= MostUnderWay)
            {
                return Errno.EBUSY;
            }

            ulong last = Post(messages, out SendRun run);
            _underWay.Enqueue((run, last));
            return Errno.None;
        }
    }

    /// <summary>Waits for the outcomes of the batch that was begun first.</summary>
    /// <param name="results">Room for as many as it has messages, or more.</param>
    /// <param name="sent">How many of them were sent.</param>
    /// <returns>
    /// None; ENOMSG if none is under way; EINVAL if there is no room, and then it still is; EINTR if a signal came while the bus stood still:
    /// then the results say of each message without an outcome whether it was withdrawn (EINTR) or not (EINPROGRESS).
    /// </returns>
    public Errno End(Span<SendResult> results, out int sent)
    {
        sent = 0;
        (SendRun Run, ulong Last) batch;
        lock (_lock)
        {
            if (!_underWay.TryPeek(out batch))
            {
                return Errno.ENOMSG;
            }

            if (batch.Run.Count > results.Length)
            {
                return Errno.EINVAL;
            }

            _underWay.Dequeue();
        }

        sent = Settle(batch.Run, batch.Last, results);
        return sent < 0 ? Errno.EINTR : Errno.None;
    }

    private ulong Post(ReadOnlySpan<nint> messages, out SendRun run)
    {
        run = _spare.TryPop(out SendRun? spare) ? spare : new SendRun();
        fixed (nint* all = messages)
        {
            run.Begin(messages.Length);
            return ksock.Host.PostAll(new WholeMessages(ksock.Bare, all, messages.Length, ksock.Host.MaxMessageSize), run);
        }
    }

    /// <returns>How many were sent; -EINTR if the bus stands still and a signal came.</returns>
    private int Settle(SendRun run, ulong last, Span<SendResult> results)
    {
        bool isSettled = ksock.Host.SettleOutcomes(last) == Errno.None;
        if (isSettled)
        {
            run.WaitUntilTold();
        }
        else
        {
            ksock.Host.WithdrawRun(run);
        }

        int sent = 0;
        ReadOnlySpan<SendOutcome> outcomes = run.Outcomes;
        for (int i = 0; i < outcomes.Length; i++)
        {
            results[i] = new SendResult { Error = -(int)outcomes[i].Error, Id = outcomes[i].Id };
            sent += outcomes[i].Error == Errno.None ? 1 : 0;
        }

        if (!isSettled)
        {
            // Its late outcomes are still to come, so it is not used again.
            return Failure.Of(Errno.EINTR, "send", "still");
        }

        lock (_lock)
        {
            _spare.Push(run);
        }

        return sent;
    }
}

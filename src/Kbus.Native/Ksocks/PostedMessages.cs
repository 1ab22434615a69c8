namespace Kbus.Native;

/// <summary>Messages that are sent together: all are handed to the bus, and then their outcomes are waited for.</summary>
/// <remarks>One batch at a time for a Ksock; other calls may come in between.</remarks>
internal sealed unsafe class PostedMessages(Ksock ksock)
{
    private readonly Lock _lock = new();
    private readonly WholeRun _run = new(ksock.Bare);

    /// <summary>Sends messages in their order; how many were sent.</summary>
    public int SendAll(ReadOnlySpan<nint> messages, Span<SendResult> results)
    {
        lock (_lock)
        {
            fixed (nint* all = messages)
            {
                _run.Take(all, messages.Length, ksock.Host.MaxMessageSize);
                _ = ksock.Host.PostAll(_run);
                ksock.Host.SettleOutcomes();
                _run.WaitUntilTold();
            }

            int sent = 0;
            ReadOnlySpan<SendOutcome> outcomes = _run.Outcomes;
            for (int i = 0; i < outcomes.Length; i++)
            {
                results[i] = new SendResult { Error = -(int)outcomes[i].Error, Id = outcomes[i].Id };
                sent += outcomes[i].Error == Errno.None ? 1 : 0;
            }

            return sent;
        }
    }
}

using Kbus.Hosts;

namespace Kbus.Native;

/// <summary>Messages that are sent together: each is handed to the bus at once, and then all their outcomes are waited for.</summary>
/// <remarks>One batch at a time for a Ksock; other calls may come in between.</remarks>
internal sealed unsafe class PostedMessages(Ksock ksock)
{
    private const int MostAtOnce = 64;
    private readonly Lock _lock = new();
    private readonly Outcome[] _outcomes = [.. Enumerable.Range(0, MostAtOnce).Select(_ => new Outcome())];

    /// <summary>Sends messages in their order; how many were sent.</summary>
    public int SendAll(ReadOnlySpan<nint> messages, Span<SendResult> results)
    {
        int sent = 0;
        lock (_lock)
        {
            while (!messages.IsEmpty)
            {
                int count = Math.Min(messages.Length, MostAtOnce);
                sent += SendSome(messages[..count], results);
                messages = messages[count..];
                results = results[count..];
            }
        }

        return sent;
    }

    private int SendSome(ReadOnlySpan<nint> messages, Span<SendResult> results)
    {
        for (int i = 0; i < messages.Length; i++)
        {
            ksock.Bare.Post((byte*)messages[i], _outcomes[i]);
        }

        ksock.Host.SettleOutcomes();
        int sent = 0;
        for (int i = 0; i < messages.Length; i++)
        {
            results[i] = _outcomes[i].Result;
            sent += _outcomes[i].Result.Error == 0 ? 1 : 0;
        }

        return sent;
    }

    private sealed class Outcome : IPostedSend
    {
        public SendResult Result { get; private set; }

        public void Complete(Errno error, MessageId id) => Result = new SendResult { Error = -(int)error, Id = id };
    }
}

using Microsoft.Extensions.Logging;

namespace Kbus.Hosting;

/// <summary>A message that a handler works at. If a Reply is owed for it, it is sent once: by the handler, or by the host that waits no longer.</summary>
/// <remarks>That an answer cannot be sent is logged, and nothing else: there is nobody left to tell.</remarks>
internal sealed class Debt(Handler handler, Ksock ksock, Message message, ILogger logger)
{
    private int _answered;

    /// <summary>The message that is handled.</summary>
    public Message Message => message;

    /// <summary>Ends when the handler has ended, whatever became of it.</summary>
    public TaskCompletionSource Handled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers with data, unless nothing is owed any more.</summary>
    public async ValueTask AnswerAsync(ReadOnlyMemory<byte> data)
    {
        if (!TryTake())
        {
            return;
        }

        try
        {
            _ = await ksock.SendAsync(Message.ReplyTo(message, data)).ConfigureAwait(false);
        }
        catch (KbusException e) when (e.Errno == Errno.EMSGSIZE)
        {
            // Nobody got it, so there is still one answer to give.
            HostingLog.Failed(logger, e, handler.Part, handler.Name, message.Id);
            await SendAsync(new ErrorReply(ErrorReply.Failed, $"The answer has {data.Length} bytes, which are too many for the bus.")).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            HostingLog.NotAnswered(logger, e, handler.Name, message.Id);
        }
    }

    /// <summary>Answers with an error reply, unless nothing is owed any more.</summary>
    public async ValueTask AnswerAsync(ErrorReply error)
    {
        if (TryTake())
        {
            await SendAsync(error).ConfigureAwait(false);
        }
    }

    private async ValueTask SendAsync(ErrorReply error)
    {
        try
        {
            _ = await ksock.SendAsync(error.To(message)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            HostingLog.NotAnswered(logger, e, handler.Name, message.Id);
        }
    }

    /// <summary>True for the one caller who is to answer.</summary>
    private bool TryTake() => handler.IsReplier && message.WantsUsToReply && Interlocked.Exchange(ref _answered, 1) == 0;
}

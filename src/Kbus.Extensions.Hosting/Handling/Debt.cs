namespace Kbus.Hosting;

/// <summary>A Request that a handler works at, and that is answered once: by the handler, or by the host that stops and waits no longer.</summary>
internal sealed class Debt(Ksock ksock, Message message)
{
    private int _answered;

    /// <summary>The message that is handled. Only a Request to be replied to is owed an answer.</summary>
    public Message Message => message;

    /// <summary>Ends when the handler has ended, whatever became of it.</summary>
    public TaskCompletionSource Handled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True for the one caller who is to answer; false for others, and if nothing is owed.</summary>
    public bool TryTake() => message.WantsUsToReply && Interlocked.Exchange(ref _answered, 1) == 0;

    /// <summary>Sends the answer.</summary>
    /// <exception cref="KbusException">It could not be sent.</exception>
    public ValueTask<MessageId> SendAsync(Reply reply) => ksock.SendAsync(reply);
}

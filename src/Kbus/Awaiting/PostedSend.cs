using Kbus.Hosts;

namespace Kbus;

/// <summary>A send that does not block: a task of its outcome. Its continuations run on the thread pool.</summary>
internal sealed class PostedSend(Message message, AnswerTable answers, PendingAnswer? pending)
    : TaskCompletionSource<(Errno Error, MessageId Id)>(TaskCreationOptions.RunContinuationsAsynchronously), IPostedSend
{
    /// <summary>What is being sent.</summary>
    public Message Message { get; } = message;

    public void Complete(Errno error, MessageId id)
    {
        if (pending is not null)
        {
            answers.Sent(pending, error is Errno.None or Errno.EAGAIN, id);
        }

        SetResult((error, id));
    }
}

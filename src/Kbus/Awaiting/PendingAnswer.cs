using Kbus.Links;

namespace Kbus;

/// <summary>One Request whose answer this library awaits, whichever of its threads takes it. Kept by <see cref="Requests"/>.</summary>
/// <remarks>It is answered, given up or abandoned once, under the lock of the Requests; who waits sees the outcome afterwards.</remarks>
internal sealed class PendingAnswer
{
    private readonly TaskCompletionSource<Message?>? _completion;
    private MessageBuffer? _target;
    private volatile bool _isDone;

    /// <summary>Makes one for calls that block, one after the other.</summary>
    public PendingAnswer()
    {
    }

    /// <summary>Makes one for a call that does not block.</summary>
    public PendingAnswer(TaskCompletionSource<Message?> completion) => _completion = completion;

    /// <summary>The tag under which the answer comes; 0 before the Request is sent.</summary>
    public uint Tag { get; set; }

    /// <summary>The Request's id, once the bus is known to have accepted it.</summary>
    public MessageId Id { get; set; }

    /// <summary>Whether the bus is known to have accepted the Request.</summary>
    public bool IsAccepted { get; set; }

    /// <summary>True once it is answered or abandoned.</summary>
    public bool IsDone => _isDone;

    /// <summary>True if a thread waits for it.</summary>
    public bool IsOfThread => _completion is null;

    /// <summary>Makes it ready for a call that blocks.</summary>
    public void Reset(MessageBuffer target)
    {
        _target = target;
        _isDone = false;
        (Tag, IsAccepted) = (0, false);
    }

    /// <summary>Gives the answer to whoever waits; the buffer is empty afterwards.</summary>
    public void Answer(MessageBuffer answer)
    {
        _target?.TakeOver(answer);
        _completion?.TrySetResult(answer.ToMessage());
        answer.Clear();
        _isDone = true;
    }

    /// <summary>There will be no answer, because the Ksock was closed.</summary>
    public void Abandon(Exception reason)
    {
        _completion?.TrySetException(reason);
        _isDone = true;
    }
}

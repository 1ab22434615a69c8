namespace Kbus;

/// <summary>One Request whose answer this library waits for, whoever of its threads takes it. Kept by an <see cref="AnswerTable"/>.</summary>
/// <remarks>It is answered, withdrawn or abandoned once, under the table's lock; who waits sees the outcome afterwards.</remarks>
internal sealed class PendingAnswer
{
    private MessageBuffer? _target;
    private TaskCompletionSource<Message?>? _completion;
    private volatile bool _isDone;

    /// <summary>Ascends with each Request that is begun on a Ksock.</summary>
    public long Ticket { get; set; }

    /// <summary>The Request's id, once it was sent.</summary>
    public MessageId Id { get; set; }

    /// <summary>The next Request with the same id, which only a Limpet can make.</summary>
    public PendingAnswer? Next { get; set; }

    /// <summary>True once it is answered or abandoned.</summary>
    public bool IsDone => _isDone;

    /// <summary>Makes it ready for a call that blocks.</summary>
    public void Reset(MessageBuffer target)
    {
        _target = target;
        _completion = null;
        _isDone = false;
        Next = null;
    }

    /// <summary>Makes it ready for a call that does not block.</summary>
    public void Reset(TaskCompletionSource<Message?> completion)
    {
        _target = null;
        _completion = completion;
        _isDone = false;
        Next = null;
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

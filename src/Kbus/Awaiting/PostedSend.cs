using System.Threading.Tasks.Sources;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

/// <summary>A send that does not block, and the task of its outcome. It is used again for another send once its outcome was asked for.</summary>
/// <remarks>
/// As a source of a message id it gives the id or throws the refusal; as a source of an outcome it gives the errno and the id.
/// Continuations run on the thread pool, never on the thread that hears from the bus.
/// </remarks>
internal sealed class PostedSend : IPostedSend, IValueTaskSource<MessageId>, IValueTaskSource<SendOutcome>
{
    private readonly Ksock _ksock;
    private ManualResetValueTaskSourceCore<SendOutcome> _core = new() { RunContinuationsAsynchronously = true };
    private MessageHeader _header;
    private byte[] _name = new byte[64];
    private int _nameLength;
    private int _dataLength;
    private ulong _number;

    public PostedSend(Ksock ksock) => _ksock = ksock;

    /// <summary>The id of the message, once the bus has accepted it.</summary>
    public ValueTask<MessageId> Id => new(this, _core.Version);

    /// <summary>What the bus has answered.</summary>
    public ValueTask<SendOutcome> Outcome => new(this, _core.Version);

    /// <summary>The host's number for it.</summary>
    public ulong Number => _number;

    /// <summary>Whether the bus is known to have refused it.</summary>
    public bool IsRefused =>
        _core.GetStatus(_core.Version) == ValueTaskSourceStatus.Succeeded && _core.GetResult(_core.Version).Error != Errno.None;

    /// <summary>Whether it was not handed to the bus, because that stands still and has no room left for commands. If so, this can be used again.</summary>
    /// <param name="why">ETIMEDOUT, or EINTR.</param>
    public bool FoundNoRoom(out Errno why)
    {
        why = _number == 0 && _core.GetStatus(_core.Version) == ValueTaskSourceStatus.Succeeded ? _core.GetResult(_core.Version).Error : Errno.None;
        if (why is not (Errno.ETIMEDOUT or Errno.EINTR))
        {
            why = Errno.None;
            return false;
        }

        Retire();
        return true;
    }

    /// <summary>Makes it ready, and keeps of the message what a refusal will tell.</summary>
    public void Begin(in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
    {
        _header = header;
        if (_name.Length < name.Length)
        {
            _name = new byte[name.Length];
        }

        name.CopyTo(_name);
        _nameLength = name.Length;
        _dataLength = dataLength;
    }

    /// <summary>Hands it to the host, which completes it.</summary>
    public void Post(in OutgoingMessage message, Deadline deadline) => _number = _ksock.Host.Post(message, this, deadline);

    /// <summary>Takes it back, if the bus has not begun to carry it out. It is not used again: its outcome is still to come.</summary>
    /// <returns>Whether it will surely not be carried out.</returns>
    public bool Withdraw() => _ksock.Host.WithdrawPost(_number);

    public void Complete(ReadOnlySpan<SendOutcome> outcomes)
    {
        _core.SetResult(outcomes[0]);
    }

    /// <summary>Waits for the end of <see cref="Complete"/>, which another thread has begun.</summary>
    public void WaitUntilTold()
    {
        var spin = default(SpinWait);
        while (_core.GetStatus(_core.Version) == ValueTaskSourceStatus.Pending)
        {
            spin.SpinOnce();
        }
    }

    MessageId IValueTaskSource<MessageId>.GetResult(short token)
    {
        SendOutcome outcome = _core.GetResult(token);
        if (outcome.Error == Errno.EPERM)
        {
            // With this error the bus sends a line in place of an id.
            PolicyLine.OfThisThread = outcome.Id.NetworkId;
        }

        Exception? refusal = outcome.Error == Errno.None
            ? null
            : _ksock.SendRefused(outcome.Error, _header, _name.AsSpan(0, _nameLength), _dataLength, mayAsk: false);
        Retire();
        return refusal is null ? outcome.Id : throw refusal;
    }

    SendOutcome IValueTaskSource<SendOutcome>.GetResult(short token)
    {
        SendOutcome outcome = _core.GetResult(token);
        Retire();
        return outcome;
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        ValueTaskSourceStatus status = _core.GetStatus(token);
        if (status == ValueTaskSourceStatus.Pending)
        {
            // Most outcomes come within microseconds, and then nobody need be woken for them.
            _ksock.Host.LookForOutcome(_number);
            status = _core.GetStatus(token);
        }

        return status;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        // From here on this may be completed, and used for another send, at any moment.
        ulong number = _number;
        _core.OnCompleted(continuation, state, token, flags);
        _ksock.Host.TellOutcome(number);
    }

    private void Retire()
    {
        _core.Reset();
        _ksock.GiveBack(this);
    }
}

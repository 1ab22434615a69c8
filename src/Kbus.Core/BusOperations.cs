namespace Kbus.Core;

/// <summary>The operations on one bus, and the way there: at once (<see cref="Bus"/>), or through a log (<see cref="SequencedBus"/>).</summary>
/// <remarks>Hosts change a bus by these alone. What they read, they read in <see cref="Books"/>.</remarks>
internal abstract class BusOperations
{
    /// <summary>The bus as it is here now.</summary>
    public abstract Bus Books { get; }

    /// <inheritdoc cref="Bus.Open"/>
    public abstract KsockState Open(bool canWrite, Carrier carrier);

    /// <inheritdoc cref="Bus.Close"/>
    public abstract void Close(KsockState ksock);

    /// <inheritdoc cref="Bus.Bind"/>
    public abstract Errno Bind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier);

    /// <inheritdoc cref="Bus.Unbind"/>
    public abstract Errno Unbind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier);

    /// <inheritdoc cref="Bus.Revoke"/>
    public abstract bool Revoke(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier);

    /// <inheritdoc cref="Bus.FindReplier"/>
    public abstract Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier);

    /// <inheritdoc cref="Bus.Send"/>
    public abstract Errno Send(KsockState sender, StoredMessage message, out MessageId id);

    /// <inheritdoc cref="Bus.Retry"/>
    public abstract Errno Retry(KsockState sender, out MessageId id);

    /// <inheritdoc cref="Bus.Poll"/>
    public abstract (bool Readable, bool Writable) Poll(KsockState ksock);

    /// <inheritdoc cref="Bus.Discard"/>
    public abstract void Discard(KsockState ksock);

    /// <inheritdoc cref="Bus.JudgeWaiting"/>
    public abstract void JudgeWaiting(KsockState sender, bool isForRequesterAlone, bool isForbidden);

    /// <inheritdoc cref="Bus.Ask"/>
    public abstract Errno Ask(KsockState ksock, Setting setting, uint value, out uint result);

    /// <inheritdoc cref="Bus.Take"/>
    public abstract bool Take(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false);

    /// <inheritdoc cref="Bus.TakeAnswer"/>
    public abstract bool TakeAnswer(KsockState ksock, out DeliveredMessage delivered, bool isHeld = false);

    /// <inheritdoc cref="Bus.NoteTakes"/>
    public abstract void NoteTakes(KsockState ksock);

    /// <inheritdoc cref="Bus.NoteReleased"/>
    public abstract void NoteReleased(KsockState ksock, int bytes);

    /// <inheritdoc cref="Bus.TryReserve"/>
    public abstract bool TryReserve(KsockState ksock, int bytes);

    /// <inheritdoc cref="Bus.ReturnReserved"/>
    public abstract void ReturnReserved(KsockState ksock);

    /// <inheritdoc cref="Bus.Withdraw"/>
    public abstract void Withdraw(KsockState ksock, uint tag);
}

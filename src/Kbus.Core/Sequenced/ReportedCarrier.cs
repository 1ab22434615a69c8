namespace Kbus.Core;

/// <summary>The carrier of a Ksock on a bus that is fed by a log: the books hear of takes through the log alone.</summary>
/// <param name="inner">The host's carrier.</param>
/// <param name="takesMatter">Called when somebody begins to wait for takes. Those before it are to be reported, too.</param>
internal sealed class ReportedCarrier(Carrier inner, Action takesMatter) : Carrier
{
    private bool _isHeld;

    /// <inheritdoc/>
    public override Carrier Host => inner;

    /// <inheritdoc/>
    public override KsockOwner Owner => inner.Owner;

    /// <inheritdoc/>
    public override void Appended(StoredMessage message, MessageFlags flags, uint number) => inner.Appended(message, flags, number);

    /// <inheritdoc/>
    public override void Prepended(StoredMessage message, MessageFlags flags, uint number) => inner.Prepended(message, flags, number);

    /// <inheritdoc/>
    public override void Removed(List<QueueEntry> removed) => inner.Removed(removed);

    /// <inheritdoc/>
    public override void Answered(StoredMessage message, uint number) => inner.Answered(message, number);

    /// <inheritdoc/>
    public override void Withdrawn(uint number, int place) => inner.Withdrawn(number, place);

    /// <inheritdoc/>
    public override void RetryWorthwhile() => inner.RetryWorthwhile();

    /// <inheritdoc/>
    public override bool DropOne() => inner.DropOne();

    /// <inheritdoc/>
    public override void Freeze()
    {
        if (!_isHeld)
        {
            inner.Freeze();
        }
    }

    /// <inheritdoc/>
    public override void Freeze(int count, int length)
    {
        if (!_isHeld)
        {
            inner.Freeze(count, length);
        }
    }

    /// <inheritdoc/>
    public override void Thaw()
    {
        if (!_isHeld)
        {
            inner.Thaw();
        }
    }

    /// <summary>From now on until <see cref="LetGo"/> the process takes nothing by itself: an operation that takes messages back is on its
    /// way.</summary>
    public void Hold()
    {
        inner.Freeze();
        _isHeld = true;
    }

    /// <summary>The operation has been applied.</summary>
    public void LetGo()
    {
        _isHeld = false;
        inner.Thaw();
    }

    /// <inheritdoc/>
    public override void TellTakes(bool tell)
    {
        inner.TellTakes(tell);
        if (tell)
        {
            takesMatter();
        }
    }
}

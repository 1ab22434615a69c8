using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// Changes of the delivery ring elsewhere than at its end: urgent messages in front, and messages that are taken out. From <see cref="Freeze()"/> to
/// <see cref="Thaw"/> the process takes nothing by itself.
/// </content>
internal sealed partial class Session
{
    // Whether the ring is to be written anew: all copies are behind it.
    private bool _isEmptied;

    /// <inheritdoc/>
    public override void Freeze()
    {
        if (Fault == LinkFault.None)
        {
            _isFrozen = _deliveries.TryBeginRewrite();
            if (_isFrozen)
            {
                // From here on the ring has what has not been taken, and nothing else.
                CollectTaken();
            }
            else
            {
                Fail(_deliveries.Fault);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The ring may have no room in front. Then as many records as needed go back from its end to those behind it. This is a rewrite of its own,
    /// before the queue changes: only after it may their room be written to.
    /// </remarks>
    public override void Freeze(int count, int length)
    {
        Freeze();
        int inRing = Math.Min(length, MessageSizes.LargestInline);
        if (!_isFrozen || _deliveries.HasRoomFor(count, inRing))
        {
            return;
        }

        TakeBackLast(count, inRing);
        _isFrozen = false;
        if (!_deliveries.TryEndRewrite())
        {
            Fail(_deliveries.Fault);
            return;
        }

        SetFlags();
        Freeze();
    }

    /// <inheritdoc/>
    public override void Prepended(StoredMessage message, MessageFlags flags, uint number)
    {
        bool isInFront = _isFrozen && !_isEmptied && _deliveries.Count > 0;
        if (!isInFront || !TryWrite(message, flags, number, inFront: true))
        {
            EmptyRing();
            _behind.Prepend(message, flags, number);
        }
    }

    /// <inheritdoc/>
    public override void Removed(List<QueueEntry> removed)
    {
        EmptyRing();
        _behind.Remove(removed);
    }

    /// <inheritdoc/>
    public override void BroughtForward(uint number)
    {
        EmptyRing();
        _behind.BringForward(number);
    }

    /// <inheritdoc/>
    public override void Thaw()
    {
        if (!_isFrozen)
        {
            return;
        }

        _isFrozen = false;
        if (_isEmptied)
        {
            _isEmptied = false;
            _ = FillWindow();
        }

        if (!_deliveries.TryEndRewrite())
        {
            Fail(_deliveries.Fault);
            return;
        }

        // Some may have been taken back, or have come while nothing could be written.
        if (_behind.Count > 0)
        {
            Refill();
        }
        else
        {
            SetFlags();
        }

        RingLater();
    }

    /// <summary>Takes all copies back from the ring, which is written anew at the end.</summary>
    private void EmptyRing()
    {
        if (_isFrozen && !_isEmptied)
        {
            for (int i = _deliveries.Count - 1; i >= 0; i--)
            {
                TakeBack(_deliveries[i]);
            }

            _deliveries.Clear();
            _isEmptied = true;
        }
    }

    /// <summary>Takes records back from the end of the ring, until there is room in front, or no record is left.</summary>
    /// <param name="count">The number of messages that need room.</param>
    /// <param name="length">Bytes of each in the ring.</param>
    private void TakeBackLast(int count, int length)
    {
        long missing = (long)count * DeliveryRecord.Units((uint)length) << 3;
        while (missing > 0 && _deliveries.Count > 0)
        {
            TakeBack(_deliveries[_deliveries.Count - 1]);
            missing -= _deliveries.DropLast();
        }
    }

    /// <summary>Takes the last copy of the ring back, so that it is the first behind it.</summary>
    private void TakeBack(in RingBooks.Record last) =>
        _behind.PrependOwned(last.Take.IsHeld ? _placed.TakeLast() : ReadBack(last));

    private Delivery ReadBack(in RingBooks.Record record)
    {
        // The process may have changed these bytes. They go back to it and to nobody else.
        int length = (int)record.Length;
        StoredMessage message = _thread.Bus.Pool.Rent(length, length);
        _deliveries.ReadBack(record.Place, message.Buffer[..length]);
        return new Delivery { Message = message, Flags = message.Header.Flags, Number = record.Take.Number };
    }
}

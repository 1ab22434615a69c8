using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// Changes of the delivery ring elsewhere than at its end: urgent messages in front, and messages that are taken out. From <see cref="Freeze()"/> to
/// the end of the change, the process takes nothing by itself.
/// </content>
internal sealed partial class Session
{
    /// <inheritdoc/>
    public override void Freeze()
    {
        if (Fault == LinkFault.None)
        {
            _isFrozen = _deliveries.TryBeginRewrite();
            Fail(_isFrozen ? LinkFault.None : _deliveries.Fault);
        }
    }

    /// <inheritdoc/>
    public override void Rewritten() => RewriteAll(moved: 1);

    /// <inheritdoc/>
    /// <remarks>
    /// The ring may have no room in front. Then as many records as needed go back from its end to the queue. This is a rewrite of its own, before
    /// the queue changes: only after it may their room be written to.
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
    public override void Prepended(int count)
    {
        if (!_isFrozen || _window == 0 || !TryPrepend(count))
        {
            RewriteAll(moved: count);
            return;
        }

        _isFrozen = false;
        Fail(_deliveries.TryEndRewrite() ? LinkFault.None : _deliveries.Fault);
        RingLater();
    }

    /// <summary>Writes the ring anew from the front of the queue.</summary>
    /// <param name="moved">The most places by which messages in the ring have moved back in the queue.</param>
    private void RewriteAll(int moved)
    {
        if (!_isFrozen)
        {
            return;
        }

        _isFrozen = false;
        int end = (int)Math.Min(State.Queue.Count, (long)_window + moved);
        for (int place = 0; place < end; place++)
        {
            if (State.Queue[place].Message is null)
            {
                TakeBackKept(place);
            }
        }

        _deliveries.Clear();
        _window = 0;
        _placedInWindow = 0;
        FillWindow();
        if (!_deliveries.TryEndRewrite())
        {
            Fail(_deliveries.Fault);
            return;
        }

        Refill();
        RingLater();
    }

    private void TakeBackKept(int place)
    {
        // The process may have changed these bytes. They go back to it and to nobody else.
        ref readonly QueueEntry entry = ref State.Queue[place];
        StoredMessage message = _thread.Bus.Pool.Rent(entry.Length, entry.Length);
        _deliveries.ReadBack(entry.Place, message.Buffer[..entry.Length]);
        State.Queue.TakeFromCarrier(place, message);
    }

    /// <summary>Writes the first messages of the queue in front of the ring. False if there is no room, or payload areas cannot take their data.</summary>
    private bool TryPrepend(int count)
    {
        for (int place = count - 1; place >= 0; place--)
        {
            if (!TryWrite(place, inFront: true))
            {
                return false;
            }

            _window++;
        }

        return true;
    }

    /// <summary>Takes records back from the end of the ring, until there is room in front, or no record is left.</summary>
    /// <param name="count">The number of messages that need room.</param>
    /// <param name="length">Bytes of each in the ring.</param>
    private void TakeBackLast(int count, int length)
    {
        // Messages that the process has taken meanwhile are still at the front of the queue and of the window. The ring has the others.
        long missing = (long)count * DeliveryRecord.Units((uint)length) << 3;
        while (missing > 0 && _deliveries.Count > 0)
        {
            ref readonly QueueEntry last = ref State.Queue[--_window];
            if (last.Message is null)
            {
                TakeBackKept(_window);
            }
            else if (last.Message.Payload is not null)
            {
                _placedInWindow--;
            }

            missing -= _deliveries.DropLast();
        }
    }
}

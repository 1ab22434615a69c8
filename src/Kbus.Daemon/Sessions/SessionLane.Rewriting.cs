using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>
/// Changes of the ring elsewhere than at its end: urgent messages in front, and messages that are taken out or put in between. From
/// <see cref="Freeze()"/> to <see cref="Thaw"/> the process takes nothing from this lane by itself.
/// </content>
internal sealed partial class SessionLane
{
    // Whether the ring is to be written anew: all copies are behind it.
    private bool _isEmptied;

    /// <summary>From now on the process takes nothing.</summary>
    public void Freeze()
    {
        if (session.Fault == LinkFault.None)
        {
            _isFrozen = _ring.TryBeginRewrite();
            if (_isFrozen)
            {
                // From here on the ring has what has not been taken, and nothing else.
                session.CollectTaken();
            }
            else
            {
                session.Fail(_ring.Fault);
            }
        }
    }

    /// <summary>As <see cref="Freeze()"/>, when so many messages of that many bytes are about to be put in front.</summary>
    /// <remarks>
    /// The ring may have no room in front. Then as many records as needed go back from its end to those behind it. This is a rewrite of
    /// its own, before the queue changes: only after it may their room be written to.
    /// </remarks>
    public void Freeze(int count, int length)
    {
        Freeze();
        int inRing = Math.Min(length, MessageSizes.LargestInline);
        if (!_isFrozen || _ring.HasRoomFor(count, inRing))
        {
            return;
        }

        TakeBackLast(count, inRing);
        _isFrozen = false;
        if (!_ring.TryEndRewrite())
        {
            session.Fail(_ring.Fault);
            return;
        }

        SetFlags();
        Freeze();
    }

    /// <summary>A copy comes in front of all others.</summary>
    public void Prepend(StoredMessage message, MessageFlags flags, uint number)
    {
        bool isInFront = _isFrozen && !_isEmptied && _ring.Count > 0;
        if (!isInFront || !TryWrite(message, flags, number, inFront: true))
        {
            EmptyRing();
            _behind.Prepend(message, flags, number);
        }
    }

    /// <summary>Copies have been removed.</summary>
    public void Remove(List<QueueEntry> removed)
    {
        EmptyRing();
        _behind.Remove(removed);
    }

    /// <summary>Takes a copy out, wherever it stands. The caller gets its reference.</summary>
    /// <returns>False if it is not here.</returns>
    public bool TryTakeOut(uint number, out Delivery delivery)
    {
        EmptyRing();
        return _behind.TryTake(number, out delivery);
    }

    /// <summary>Puts a copy at a place, with the caller's reference.</summary>
    public void Insert(int place, in Delivery delivery)
    {
        if (place < _ring.Count)
        {
            EmptyRing();
        }

        _behind.InsertOwned(place - _ring.Count, delivery);
    }

    /// <summary>The end of what <see cref="Freeze()"/> began.</summary>
    public void Thaw()
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

        if (!_ring.TryEndRewrite())
        {
            session.Fail(_ring.Fault);
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
            for (int i = _ring.Count - 1; i >= 0; i--)
            {
                TakeBack(_ring[i]);
            }

            _ring.Clear();
            _isEmptied = true;
        }
    }

    /// <summary>Takes records back from the end of the ring, until there is room in front, or no record is left.</summary>
    /// <param name="count">The number of messages that need room.</param>
    /// <param name="length">Bytes of each in the ring.</param>
    private void TakeBackLast(int count, int length)
    {
        long missing = (long)count * DeliveryRecord.Units((uint)length) << 3;
        while (missing > 0 && _ring.Count > 0)
        {
            TakeBack(_ring[_ring.Count - 1]);
            missing -= _ring.DropLast();
        }
    }

    /// <summary>Takes the last copy of the ring back, so that it is the first behind it.</summary>
    private void TakeBack(in RingBooks.Record last) =>
        _behind.PrependOwned(last.Take.IsHeld ? _placed.TakeLast() : ReadBack(last));

    private Delivery ReadBack(in RingBooks.Record record)
    {
        // The process may have changed these bytes. They go back to it and to nobody else.
        int length = (int)record.Length - _prefix;
        StoredMessage message = thread.Bus.Pool.Rent(length, length);
        _ring.ReadBack(record.Place, _prefix, message.Buffer[..length]);
        if (_isAnswers)
        {
            Span<byte> tag = stackalloc byte[sizeof(uint)];
            _ring.ReadBack(record.Place, 0, tag);
            message.AnsweredTag = MemoryMarshal.Read<uint>(tag);
        }

        return new Delivery { Message = message, Flags = message.Header.Flags, Number = record.Take.Number };
    }
}

using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>Copies that a carrier keeps for its Ksock until they are taken, in the order of the books.</summary>
internal sealed class DeliveryQueue : PieceQueue<Delivery>
{
    /// <summary>Keeps a copy at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(StoredMessage message, MessageFlags flags, uint number)
    {
        message.Retain();
        AppendEmpty() = new Delivery { Message = message, Flags = flags, Number = number };
    }

    /// <summary>Keeps a copy in front.</summary>
    public void Prepend(StoredMessage message, MessageFlags flags, uint number)
    {
        message.Retain();
        PrependOwned(new Delivery { Message = message, Flags = flags, Number = number });
    }

    /// <summary>Keeps a copy in front, with the caller's reference.</summary>
    public void PrependOwned(in Delivery delivery) => PrependEmpty() = delivery;

    /// <summary>Takes the copy in front. The caller gets its reference.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryTake(out Delivery delivery)
    {
        if (Count == 0)
        {
            delivery = default;
            return false;
        }

        delivery = At(0);
        RemoveFirst();
        return true;
    }

    /// <summary>Takes the last copy; there is one. The caller gets its reference.</summary>
    public Delivery TakeLast()
    {
        Delivery last = At(Count - 1);
        Shorten(Count - 1);
        return last;
    }

    /// <summary>Drops the copy in front.</summary>
    /// <returns>False if there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryDropFirst()
    {
        if (Count == 0)
        {
            return false;
        }

        At(0).Message.Release();
        RemoveFirst();
        return true;
    }

    /// <summary>Drops the copies whose entries were removed, those of them that are here.</summary>
    public void Remove(List<QueueEntry> removed)
    {
        HashSet<uint> numbers = [.. removed.Select(e => e.Number)];
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            Delivery delivery = At(i);
            if (numbers.Contains(delivery.Number))
            {
                delivery.Message.Release();
            }
            else
            {
                At(kept++) = delivery;
            }
        }

        Shorten(kept);
    }

    /// <summary>Puts a copy at a place, with the caller's reference.</summary>
    public void InsertOwned(int place, in Delivery delivery) => InsertEmpty(place) = delivery;

    /// <summary>Takes the copy of this entry, wherever it stands. The caller gets its reference.</summary>
    /// <returns>False if it is not here.</returns>
    public bool TryTake(uint number, out Delivery delivery)
    {
        for (int i = 0; i < Count; i++)
        {
            if (At(i).Number == number)
            {
                delivery = At(i);
                RemoveAt(i);
                return true;
            }
        }

        delivery = default;
        return false;
    }
}

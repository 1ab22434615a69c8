using System.Runtime.CompilerServices;
using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>The copies that are in a delivery ring, in its order.</summary>
internal sealed class DeliveryWindow : PieceQueue<DeliveryWindow.Record>
{
    /// <summary>Records a copy behind the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(in Record record) => AppendEmpty() = record;

    /// <summary>Records a copy in front of the others.</summary>
    public void Prepend(in Record record) => PrependEmpty() = record;

    /// <summary>Removes the record in front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void DropFirst() => RemoveFirst();

    /// <summary>Removes the last record.</summary>
    /// <returns>What it was.</returns>
    public Record TakeLast()
    {
        Record last = At(Count - 1);
        Shorten(Count - 1);
        return last;
    }

    /// <summary>One copy in the ring.</summary>
    /// <param name="Placed">The message, if its data are in a payload area; one reference is owned. Null if all of it is in the
    /// ring.</param>
    /// <param name="Number">The number of its entry in the books.</param>
    /// <param name="Place">Where it is in the ring.</param>
    /// <param name="Length">Bytes of the entire form.</param>
    /// <param name="Flags">The flags of this copy.</param>
    internal readonly record struct Record(StoredMessage? Placed, uint Number, uint Place, int Length, MessageFlags Flags);
}

namespace Kbus.Core;

/// <summary>One copy on its way to its recipient.</summary>
internal struct Delivery
{
    /// <summary>The message, of which the delivery owns a reference.</summary>
    public StoredMessage Message;

    /// <summary>The flags of this copy.</summary>
    public MessageFlags Flags;

    /// <summary>The number of its entry in the books (<see cref="QueueEntry.Number"/>).</summary>
    public uint Number;
}

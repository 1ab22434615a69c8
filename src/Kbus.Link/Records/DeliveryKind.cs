namespace Kbus.Link;

/// <summary>What a record in the delivery ring is.</summary>
internal enum DeliveryKind : uint
{
    /// <summary>The entire form of a message.</summary>
    Inline = 1,

    /// <summary>Header and padded name of a message, then a <see cref="PlacedData"/> that says where its data is.</summary>
    Placed = 2,
}

using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The data of one big message, in memory that the recipients of one user can map; with a copy for each further user.</summary>
internal sealed class PlacedPayload(PayloadStore store, uint user, PayloadArea area, PayloadExtent extent, int length) : Payload
{
    private PlacedPayload? _forOthers;

    /// <summary>The area it is in.</summary>
    public PayloadArea Area => area;

    /// <summary>Where in the area it begins, in bytes.</summary>
    public long Offset => extent.Offset;

    /// <summary>The data, while it is being filled in.</summary>
    public Span<byte> ToFill => area.Bytes(extent)[..length];

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => ToFill;

    /// <summary>The place that recipients of a user can read, made if there is none yet; null if there is no memory.</summary>
    public PlacedPayload? For(uint recipient)
    {
        PlacedPayload place = this;
        while (place.User != recipient)
        {
            if (place._forOthers is null)
            {
                PlacedPayload? copy = store.TryPlace(recipient, length);
                if (copy is not null)
                {
                    Bytes.CopyTo(copy.ToFill);
                    place._forOthers = copy;
                }

                return copy;
            }

            place = place._forOthers;
        }

        return place;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        _forOthers?.Release();
        store.Free(user, area, extent);
    }

    private uint User => user;
}

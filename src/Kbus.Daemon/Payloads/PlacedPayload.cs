using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The data of one big message, in memory that the recipients of one user can map; with a copy for each further user.</summary>
/// <remarks>Made by a <see cref="PayloadStore"/>, and used by it for another message when it has been released.</remarks>
internal sealed class PlacedPayload(PayloadStore store) : Payload
{
    private PlacedPayload? _forOthers;
    private uint _user;
    private PayloadArea? _area;
    private PayloadExtent _extent;
    private int _length;

    /// <summary>The area it is in.</summary>
    public PayloadArea Area => _area!;

    /// <summary>Where in the area it begins, in bytes.</summary>
    public long Offset => _extent.Offset;

    /// <summary>The data, while it is being filled in.</summary>
    public Span<byte> ToFill => Area.Bytes(_extent)[.._length];

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => ToFill;

    /// <summary>Gives it its place.</summary>
    public void Take(uint user, PayloadArea area, PayloadExtent extent, int length) => (_user, _area, _extent, _length) = (user, area, extent, length);

    /// <summary>The place that recipients of a user can read, made if there is none yet; null if there is no memory.</summary>
    public PlacedPayload? For(uint recipient)
    {
        PlacedPayload place = this;
        while (place._user != recipient)
        {
            if (place._forOthers is null)
            {
                PlacedPayload? copy = store.TryPlace(recipient, _length);
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
        _forOthers = null;
        PayloadArea area = Area;
        _area = null;
        store.Free(this, _user, area, _extent);
    }
}

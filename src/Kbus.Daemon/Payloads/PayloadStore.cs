using System.Runtime.InteropServices;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The memory of one bus for big payloads: areas for each user whose processes receive them, reused as they become free.</summary>
/// <remarks>
/// A process maps the areas of its own user only, so no user can read another user's data. Pages of an area take memory from their first use on,
/// lowest first. The areas of a user are freed when the last Ksock of that user closes. An empty area is freed some time after the links that
/// received it have closed. Only the bus's thread uses it.
/// </remarks>
internal sealed class PayloadStore : IDisposable
{
    private const long AreaSize = 64L * 1024 * 1024;
    private readonly Dictionary<uint, UserAreas> _users = [];
    private readonly Stack<PlacedPayload> _spare = [];

    // The number of links that have received each area; areas that none has received are not in it.
    private readonly Dictionary<PayloadArea, int> _readers = [];

    /// <summary>True if no user has a Ksock here, nothing of a message that a user sent is left, and no link counts as having got an area.</summary>
    public bool IsEmpty => _users.Count == 0 && _readers.Count == 0;

    /// <summary>Counts one more Ksock of a user.</summary>
    public void Enter(uint user)
    {
        if (!_users.TryGetValue(user, out UserAreas? areas))
        {
            areas = new UserAreas();
            _users.Add(user, areas);
        }

        areas.Ksocks++;
    }

    /// <summary>Counts one Ksock of a user less. After the last, the user's areas are freed as soon as they are empty.</summary>
    public void Leave(uint user)
    {
        UserAreas areas = _users[user];
        areas.Ksocks--;
        RemoveIfUnused(user, areas);
    }

    /// <summary>Room for the data of one message, for recipients of one user; null if there is no memory.</summary>
    public PlacedPayload? TryPlace(uint user, int length)
    {
        // The sender may have left while its message still waits for others. Then the areas live as long as the message.
        if (!_users.TryGetValue(user, out UserAreas? areas))
        {
            areas = new UserAreas();
            _users.Add(user, areas);
        }

        foreach (PayloadArea area in areas.List)
        {
            if (area.TryAllocate(length, out PayloadExtent extent))
            {
                return Placed(user, area, extent, length);
            }
        }

        if (PayloadArea.Create(Math.Max(AreaSize, length), out PayloadArea? added) < 0)
        {
            RemoveIfUnused(user, areas);
            return null;
        }

        areas.List.Add(added!);
        return added!.TryAllocate(length, out PayloadExtent first) ? Placed(user, added, first, length) : null;
    }

    /// <summary>Frees a place, and keeps its holder for reuse.</summary>
    public void Free(PlacedPayload placed, uint user, PayloadArea area, PayloadExtent extent)
    {
        area.Free(extent);
        _spare.Push(placed);
        RemoveIfUnused(user, _users[user]);
    }

    /// <summary>A process receives an area, and may map it as long as its link exists.</summary>
    public void Announced(PayloadArea area) => CollectionsMarshal.GetValueRefOrAddDefault(_readers, area, out _)++;

    /// <summary>A link that had received an area has closed.</summary>
    public void Forgotten(PayloadArea area)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_readers, area) == 0)
        {
            _readers.Remove(area);
        }
    }

    /// <summary>Frees the empty areas that no process has received. A process that has received one keeps its mapping, so freeing it would gain nothing.</summary>
    public void Trim()
    {
        foreach (UserAreas areas in _users.Values)
        {
            foreach (PayloadArea area in areas.List.Where(a => a.IsWhollyFree && !_readers.ContainsKey(a)))
            {
                area.Dispose();
            }

            areas.List.RemoveAll(a => a.IsWhollyFree && !_readers.ContainsKey(a));
        }
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        foreach (UserAreas areas in _users.Values)
        {
            areas.List.ForEach(a => a.Dispose());
        }

        _users.Clear();
    }

    /// <summary>A payload for a place. A released one is reused if there is one, so a big message leaves no garbage.</summary>
    private PlacedPayload Placed(uint user, PayloadArea area, PayloadExtent extent, int length)
    {
        PlacedPayload placed = _spare.TryPop(out PlacedPayload? spare) ? spare : new PlacedPayload(this);
        placed.Take(user, area, extent, length);
        return placed;
    }

    private void RemoveIfUnused(uint user, UserAreas areas)
    {
        if (areas.Ksocks == 0 && areas.List.TrueForAll(a => a.IsWhollyFree))
        {
            areas.List.ForEach(a => a.Dispose());
            _users.Remove(user);
        }
    }

    private sealed class UserAreas
    {
        public int Ksocks { get; set; }

        public List<PayloadArea> List { get; } = [];
    }
}

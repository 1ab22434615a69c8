using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>The network ids that a peer may use: its own, and those of the buses behind it. Never changes.</summary>
internal sealed class NetworkList
{
    private readonly uint _ownId;
    private readonly uint _peerId;
    private readonly NetworkRange[] _ranges;

    /// <summary>Makes the list of one link.</summary>
    /// <param name="ownId">This Limpet's network id.</param>
    /// <param name="peerId">The peer's, which it may use.</param>
    /// <param name="behind">Those of the buses behind it; null if it may use any.</param>
    public NetworkList(uint ownId, uint peerId, IReadOnlyList<NetworkRange>? behind)
    {
        _ownId = ownId;
        _peerId = peerId;
        IsAny = behind is null;
        _ranges = [.. behind ?? []];
    }

    /// <summary>True if the peer may use any id.</summary>
    public bool IsAny { get; }

    /// <summary>Whether a message of the peer names a network as its origin that is not on the peer's side.</summary>
    /// <remarks>An original peer sends answers of this bus back, which are left later.</remarks>
    public bool IsForged(in MessageHeader header)
    {
        uint network = header.OrigFrom.NetworkId;
        return !IsAny && network != 0 && !Allows(network) && !(network == _ownId && header.IsReply && !header.IsRequest);
    }

    /// <summary>Whether a message of the peer has an id of a network that is not on the peer's side.</summary>
    public bool IsForeign(in MessageHeader header) => !IsAny && header.Id.NetworkId != 0 && header.Id.NetworkId != _ownId && !Allows(header.Id.NetworkId);

    private bool Allows(uint network) => network == _peerId || Array.Exists(_ranges, r => r.First <= network && network <= r.Last);
}

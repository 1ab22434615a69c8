using System.Globalization;

namespace Kbus.Limpets;

/// <summary>A server with many peers, each known by its identity. Any thread may call.</summary>
internal sealed class PeerBerths : IBerths
{
    private volatile Entry[] _entries;

    /// <summary>Makes a place for each peer.</summary>
    /// <param name="peers">The peers.</param>
    public PeerBerths(IEnumerable<LimpetPeer> peers) => _entries = [.. peers.Select(Entry.Of)];

    /// <inheritdoc/>
    public IReadOnlyCollection<Berth> All => [.. _entries.Select(e => e.Berth)];

    /// <inheritdoc/>
    public IReadOnlyList<LimpetLinkReport> Links => [.. _entries.Select(e => e.Berth.Record.Report(e.Peer.Name, e.Peer.NetworkId))];

    /// <summary>Takes other peers. The links of those that stay as they are go on; those of others end.</summary>
    /// <returns>The names of the peers whose links ended, or would have.</returns>
    public IReadOnlyList<string> Change(IReadOnlyList<LimpetPeer> peers)
    {
        Entry[] before = _entries;
        _entries = [.. peers.Select(p => before.FirstOrDefault(e => e.Peer.IsSameAs(p)) ?? Entry.Of(p))];
        Entry[] gone = [.. before.Except(_entries)];
        Array.ForEach(gone, e => e.Berth.Stop());
        return [.. gone.Select(e => e.Peer.Name)];
    }

    /// <summary>Why a peer with this certificate is refused, as the end of a sentence; null if it is not.</summary>
    public string? Refuses(PeerProof proof) => Array.Exists(_entries, e => e.Peer.Is(proof)) ? null
        : $"it has the key {proof.Key}, which is no peer's here; its certificate is for {proof.NamesText}, and {proof.Unsigned ?? "no peer here has such a name"}";

    /// <inheritdoc/>
    public Berth Find(Arrival arrival)
    {
        Entry[] known = [.. _entries.Where(e => e.Peer.Is(arrival))];
        return Array.Find(known, e => e.Peer.NetworkId == arrival.PeerId)?.Berth ?? throw new LimpetException(Why(arrival, known), isPeersFault: true);
    }

    private static string Why(Arrival arrival, Entry[] known)
    {
        if (known.Length > 0)
        {
            string ids = string.Join(" or ", known.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Peer.NetworkId} ({e.Peer.Name})")));
            return $"It says that its network id is {arrival.PeerId}, and here it must be {ids}. Give it that id by --id.";
        }

        string who = arrival.Proof is { } proof ? $"the key {proof.Key}"
            : arrival.Credentials is { } credentials ? $"the user id {credentials.UserId}"
            : $"the address {arrival.Address}";
        return $"No peer here has {who}.";
    }

    private sealed record Entry(LimpetPeer Peer, Berth Berth)
    {
        /// <summary>An empty place. However a link ends, the server goes on.</summary>
        public static Entry Of(LimpetPeer peer) => new(peer, new Berth(peer.Options, static _ => { }));
    }
}

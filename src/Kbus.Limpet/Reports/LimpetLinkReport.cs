namespace Kbus.Limpets;

/// <summary>What one link is, or was, at one moment.</summary>
public sealed record LimpetLinkReport
{
    /// <summary>What the peer is called: by a server with many peers its <see cref="LimpetPeer.Name"/>, otherwise empty.</summary>
    public string Peer { get; init; } = "";

    /// <summary>The bus that is joined by it.</summary>
    public uint Bus { get; init; }

    /// <summary>Whether it is there.</summary>
    public LimpetLinkState State { get; init; }

    /// <summary>When that began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why it is not there, as a sentence; empty while it is, or before the first attempt.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The peer's network id; 0 as long as it is not known.</summary>
    public uint PeerNetworkId { get; init; }

    /// <summary>The Limpet's Ksock on its bus; 0 while there is none.</summary>
    public uint KsockId { get; init; }

    /// <summary>Who the peer has shown to be: <c>key 01ab...</c> with TLS, <c>user 1000</c> over a Unix socket, otherwise
    /// <c>address 192.0.2.7</c>. Of the last link; empty before the first.</summary>
    public string Identity { get; init; } = "";

    /// <summary>The other end of the connection: an address with its port, or a process. Of the last link; empty before the
    /// first.</summary>
    public string Place { get; init; } = "";

    /// <summary>How often the link was made.</summary>
    public long Made { get; init; }

    /// <summary>What was carried by all links with this peer together. Only what is there at the moment (awaited, backlog, repliers) is of
    /// the link that is there.</summary>
    public LimpetCounts Counts { get; init; }

    /// <summary>The time to the peer's machine and back, as the kernel measures it; null without a connection over TCP.</summary>
    public TimeSpan? RoundTrip { get; init; }
}

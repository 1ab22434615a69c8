using System.Net;

namespace Kbus.Limpets;

/// <summary>One of many peers that a <see cref="LimpetServer"/> may have: how it is known, and what its link may do.</summary>
/// <remarks>A peer is known by one of its identities. Its network id must be the one that stands here.</remarks>
public sealed record LimpetPeer
{
    /// <summary>What the log calls it. Each peer of a server has another name.</summary>
    public required string Name { get; init; }

    /// <summary>The network id with which it must greet.</summary>
    public required uint NetworkId { get; init; }

    /// <summary>The keys of which it must have one, as in <see cref="LimpetSecurity.PeerKeys"/>; for links with TLS.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The name that its certificate is for, which one of <see cref="LimpetSecurity.Authorities"/> must have signed; null for
    /// none. For links with TLS.</summary>
    public string? CertificateName { get; init; }

    /// <summary>The user ids of which its process must have one, as the kernel says; for Unix sockets.</summary>
    public IReadOnlyList<uint> Users { get; init; } = [];

    /// <summary>The addresses from which it must connect; for TCP without TLS. Whoever can use such an address can pose as this
    /// peer.</summary>
    public IReadOnlyList<IPNetwork> Addresses { get; init; } = [];

    /// <summary>The options of its link.</summary>
    public required LimpetOptions Options { get; init; }

    /// <summary>Whether a link that was made with the other may stay as it is.</summary>
    internal bool IsSameAs(LimpetPeer other) =>
        (Name, NetworkId, CertificateName) == (other.Name, other.NetworkId, other.CertificateName)
        && Keys.SequenceEqual(other.Keys, StringComparer.OrdinalIgnoreCase)
        && Users.SequenceEqual(other.Users)
        && Addresses.SequenceEqual(other.Addresses)
        && Options.IsSameAs(other.Options);

    /// <summary>Whether it is who has arrived, whatever network id that one says.</summary>
    internal bool Is(Arrival arrival) => arrival.Proof is { } proof ? Is(proof)
        : arrival.Credentials is { } credentials ? Users.Contains(credentials.UserId)
        : arrival.Address is { } address && Addresses.Any(n => n.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));

    /// <summary>Whether a certificate shows that it is this peer.</summary>
    internal bool Is(PeerProof proof) =>
        Keys.Contains(proof.Key, StringComparer.OrdinalIgnoreCase) || (CertificateName is { } name && proof.Unsigned is null && proof.IsFor(name));
}

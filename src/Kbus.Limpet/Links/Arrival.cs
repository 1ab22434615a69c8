using System.Net;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>A peer that has come to a server and greeted.</summary>
/// <param name="Name">Its origin, as far as known: an address with its port, or a process.</param>
/// <param name="PeerId">Its network id, as it says.</param>
/// <param name="Address">The address that it comes from; null for a process of this machine.</param>
/// <param name="Credentials">The user whose process connected to the path of a Unix socket, as the kernel knows; null over TCP.</param>
/// <param name="Proof">What its certificate shows; null without TLS.</param>
internal sealed record Arrival(string Name, uint PeerId, IPAddress? Address, PeerCredentials? Credentials, PeerProof? Proof)
{
    /// <summary>Who it has shown to be, in words.</summary>
    public string Identity => PeerIdentity.Of(Proof, Credentials, Address);
}

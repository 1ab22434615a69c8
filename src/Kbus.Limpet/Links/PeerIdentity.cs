using System.Net;
using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>Who a peer has shown to be, in words.</summary>
internal static class PeerIdentity
{
    /// <summary>The strongest of what is known.</summary>
    /// <param name="proof">What its certificate shows; null without TLS.</param>
    /// <param name="credentials">The user of its process, as the kernel knows; null over TCP.</param>
    /// <param name="address">The address at its end of the connection; null for a process of this machine.</param>
    public static string Of(PeerProof? proof, PeerCredentials? credentials, IPAddress? address) =>
        proof is not null ? $"key {proof.Key}{(proof.Unsigned is null ? $", certificate for {proof.NamesText}" : "")}"
        : credentials is { } user ? $"user {user.UserId}"
        : address is not null ? $"address {(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}"
        : "";

    /// <summary>The user whose process is at the other end of a Unix socket; null over TCP, or if the connection is closed.</summary>
    public static PeerCredentials? CredentialsOf(Socket socket)
    {
        try
        {
            return socket.AddressFamily == AddressFamily.Unix && LibC.PeerCredentials((int)socket.Handle, out PeerCredentials peer) >= 0 ? peer : null;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }
}

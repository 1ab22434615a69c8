using System.Net.Security;

namespace Kbus.Limpets;

/// <summary>A stream over a connected socket that is protected by TLS.</summary>
/// <param name="plain">The socket's stream, which is closed with this one.</param>
internal sealed class ProtectedStream(SocketStream plain) : SslStream(plain, leaveInnerStreamOpen: false), IFinishing, IProgressing, IWatched
{
    /// <summary>The key that this side shows, as <see cref="LimpetSecurity.PeerKeys"/> has it.</summary>
    public required string OwnKey { get; init; }

    /// <summary>What the peer has shown of itself; null before the handshake.</summary>
    public PeerProof? Proof { get; set; }

    /// <inheritdoc/>
    public Action? Progressed
    {
        get => plain.Progressed;
        set => plain.Progressed = value;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// By the end of the connection alone: the framework lets one thread read while another writes, but not while it says farewell. So
    /// whoever can cut the connection can end the link, as anyhow; a message that was not sent whole still counts as such.
    /// </remarks>
    public void FinishWriting() => plain.FinishWriting();

    /// <inheritdoc/>
    public TimeSpan Watch() => plain.Watch();

    /// <inheritdoc/>
    public TimeSpan? RoundTrip => plain.RoundTrip;
}

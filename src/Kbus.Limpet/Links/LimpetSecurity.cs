using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>How a link over sockets is protected: TLS with both sides known, or not at all.</summary>
/// <remarks>
/// Without <see cref="Certificate"/> the link speaks the original's plain protocol, which old peers understand and anybody on the way can
/// read and change. So that is done over Unix sockets alone, unless <see cref="AllowPlainLoopback"/> or <see cref="AllowPlain"/> says
/// otherwise.
/// </remarks>
public sealed record LimpetSecurity
{
    /// <summary>Lets the plain protocol leave this machine: default false.</summary>
    public bool AllowPlain { get; init; }

    /// <summary>Lets the plain protocol use TCP within this machine, where every user can reach it: default false.</summary>
    public bool AllowPlainLoopback { get; init; }

    /// <summary>This side's certificate with its private key; null (the default) for no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The authorities of which one must have signed the peer's certificate; empty (the default) if it is known by
    /// <see cref="PeerKeys"/>.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>The peer's keys: SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal, of which it must have one; empty (the
    /// default) if it is known by <see cref="Authorities"/>. With both, both must hold.</summary>
    public IReadOnlyList<string> PeerKeys { get; init; } = [];

    /// <summary>The name that the peer's certificate must be for, or null (the default) for any that an authority has signed.</summary>
    public string? PeerName { get; init; }

    /// <summary>True if links are protected.</summary>
    public bool IsTls => Certificate is not null;

    /// <summary>What <see cref="PeerKeys"/> has for a certificate.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <returns>64 hexadecimal digits.</returns>
    public static string KeyOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
    }

    /// <summary>Whether a text can be one of <see cref="PeerKeys"/>.</summary>
    /// <param name="text">The text.</param>
    public static bool IsKey(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);
    }

    /// <summary>Validates the options.</summary>
    /// <exception cref="ArgumentException">They cannot; the message says why.</exception>
    internal void Check()
    {
        if (Certificate is { HasPrivateKey: false })
        {
            throw new ArgumentException("The certificate has no private key.");
        }

        if (IsTls && Rule is null && Authorities.Count == 0 && PeerKeys.Count == 0)
        {
            throw new ArgumentException("TLS needs the peer's key or an authority by which to know the peer.");
        }

        if (PeerKeys.FirstOrDefault(k => !IsKey(k)) is { } bad)
        {
            throw new ArgumentException($"\"{bad}\" is no key: 64 hexadecimal digits are.");
        }
    }

    /// <summary>What <see cref="PeerKeys"/>, <see cref="Authorities"/> and <see cref="PeerName"/> say, or null for another rule, which
    /// returns why a peer is refused, as the end of a sentence.</summary>
    internal Func<PeerProof, string?>? Rule { get; init; }

    /// <summary>Refuses the plain protocol where others could reach it, unless it was asked for.</summary>
    /// <remarks>Every user of this machine can connect to a loopback address, whatever the permissions of the bus are. The file of a Unix
    /// socket has permissions of its own.</remarks>
    /// <exception cref="LimpetException">The place is elsewhere, or open to every user of this machine.</exception>
    internal void CheckPlace(EndPoint place, Action<LimpetLogLevel, string> tell)
    {
        if (IsTls || place is not IPEndPoint ip || (AllowPlainLoopback && IPAddress.IsLoopback(ip.Address)))
        {
            return;
        }

        if (!AllowPlain)
        {
            throw new LimpetException(
                IPAddress.IsLoopback(ip.Address)
                    ? $"Every user of this machine can reach {place}, and without TLS nobody is asked who he is. Use the path of a Unix socket, protect the link with TLS (--tls-cert), or ask for this by name (--plain-loopback)."
                    : $"{place} is not on this machine, and without TLS anybody on the way could read and change messages. Protect the link with TLS (--tls-cert), or ask for the plain protocol by name (--plain).",
                isPeersFault: true);
        }

        tell(LimpetLogLevel.Warning, $"Warning: the link with {place} is not protected; anybody on the way can read and change messages.");
    }

    /// <summary>Puts TLS on a connection, if the link is protected. It blocks.</summary>
    /// <exception cref="LimpetException">One side does not know the other, or does not speak TLS.</exception>
    internal Stream Protect(SocketStream plain, bool isServer, CancellationToken cancellationToken)
    {
        if (!IsTls)
        {
            return plain;
        }

        var check = new PeerCheck(this, isServer);
        var stream = new ProtectedStream(plain) { OwnKey = OwnKey };
        try
        {
            // A silent connection ends when it is closed.
            using CancellationTokenRegistration late = cancellationToken.Register(plain.Dispose);
            ShakeHands(stream, isServer, check);
            stream.Proof = check.Proof;
            return stream;
        }
        catch (Exception e)
        {
            stream.Dispose();
            throw cancellationToken.IsCancellationRequested ? new LimpetException("No link with the peer: it did not shake hands for TLS in time.", e)
                : new LimpetException($"No TLS with the peer: {Cause(e, check, plain)}.", e);
        }
    }

    /// <summary>Why a peer is refused, as the end of a sentence; null if it is not.</summary>
    internal string? Refuses(PeerProof proof) => Rule is not null ? Rule(proof)
        : PeerKeys.Count > 0 && !PeerKeys.Contains(proof.Key, StringComparer.OrdinalIgnoreCase) ? $"it has the key {proof.Key}, which is none of those known here (--tls-pin)"
        : Authorities.Count > 0 && proof.Unsigned is { } why ? why
        : Authorities.Count > 0 && PeerName is { } name && !proof.IsFor(name) ? $"its certificate is for {proof.NamesText}, not for {PrintableText.Of(name)}"
        : null;

    /// <summary>The rules for checking the peer's certificate. Nothing in it makes this side fetch anything.</summary>
    internal X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }

    private string Cause(Exception e, PeerCheck check, SocketStream plain) => check.Failure
        ?? (plain.HasBegun && !plain.BeganAsTls ? $"it speaks no TLS; it began with the bytes {plain.Beginning}"
        : e is AuthenticationException && plain.HasBegun ? $"it broke off the handshake; it may not know this side's key, which is {OwnKey}"
        : plain.HasBegun ? $"it closed the connection during the handshake; it may not know this side's key, which is {OwnKey}"
        : "it closed the connection before it said anything; it may speak no TLS");

    private string OwnKey => KeyOf(Certificate!);

    private void ShakeHands(SslStream stream, bool isServer, PeerCheck check)
    {
        if (isServer)
        {
            stream.AuthenticateAsServer(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = Own(),
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = check.IsPeer,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    CertificateChainPolicy = ChainPolicy(),
                });
        }
        else
        {
            stream.AuthenticateAsClient(
                new SslClientAuthenticationOptions
                {
                    TargetHost = PeerName ?? "",
                    ClientCertificateContext = Own(),
                    RemoteCertificateValidationCallback = check.IsPeer,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    CertificateChainPolicy = ChainPolicy(),
                });
        }
    }

    /// <summary>What this side shows, with the authorities' certificates that lead from it to its root, if they are known here.</summary>
    private SslStreamCertificateContext Own() => SslStreamCertificateContext.Create(Certificate!, Authorities, offline: true);
}

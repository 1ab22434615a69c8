using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Limpets;

/// <summary>How a link over sockets is protected: TLS with both sides known, or not at all.</summary>
/// <remarks>
/// Without <see cref="Certificate"/> the link speaks the original's plain protocol, which old peers understand and anybody on the way can
/// read and change. So that is done on this machine alone (loopback and Unix sockets), unless <see cref="AllowPlain"/> says otherwise.
/// </remarks>
public sealed record LimpetSecurity
{
    /// <summary>Lets the plain protocol leave this machine: default false.</summary>
    public bool AllowPlain { get; init; }

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

        if (IsTls && Authorities.Count == 0 && PeerKeys.Count == 0)
        {
            throw new ArgumentException("TLS needs the peer's key or an authority by which to know the peer.");
        }

        if (PeerKeys.FirstOrDefault(k => !IsKey(k)) is { } bad)
        {
            throw new ArgumentException($"\"{bad}\" is no key: 64 hexadecimal digits are.");
        }
    }

    /// <summary>Refuses to let the plain protocol leave this machine, unless it was asked for.</summary>
    /// <exception cref="LimpetException">The place is elsewhere.</exception>
    internal void CheckPlace(EndPoint place, Action<string> tell)
    {
        if (IsTls || place is not IPEndPoint ip || IPAddress.IsLoopback(ip.Address))
        {
            return;
        }

        if (!AllowPlain)
        {
            throw new LimpetException(
                $"{place} is not on this machine, and without TLS anybody on the way could read and change messages. Protect the link with TLS (--tls-cert), or ask for the plain protocol by name (--plain).",
                isPeersFault: true);
        }

        tell($"Warning: the link with {place} is not protected; anybody on the way can read and change messages.");
    }

    /// <summary>Puts TLS on a connection, if the link is protected.</summary>
    /// <exception cref="LimpetException">One side does not know the other, or does not speak TLS.</exception>
    internal async Task<Stream> ProtectAsync(SocketStream plain, bool isServer, CancellationToken cancellationToken)
    {
        if (!IsTls)
        {
            return plain;
        }

        var stream = new ProtectedStream(plain);
        try
        {
            // A silent connection ends when it is closed. Until then it holds a thread that nobody else waits for.
            using CancellationTokenRegistration late = cancellationToken.Register(plain.Dispose);
            await Task.Factory.StartNew(
                () => ShakeHands(stream, isServer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                throw new LimpetException("No link with the peer: it did not shake hands for TLS in time.", e);
            }

            switch (e)
            {
                case AuthenticationException:
                    throw new LimpetException("No TLS with the peer: one side does not know the other's key, or speaks no TLS.", e);
                case IOException:
                    throw new LimpetException("No TLS with the peer: it broke off. It may speak no TLS, or does not know this side's key.", e);
                default:
                    throw;
            }
        }
    }

    private void ShakeHands(SslStream stream, bool isServer)
    {
        if (isServer)
        {
            stream.AuthenticateAsServer(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = Own(),
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = IsPeer,
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
                    RemoteCertificateValidationCallback = IsPeer,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    CertificateChainPolicy = ChainPolicy(),
                });
        }
    }

    /// <summary>What this side shows, with the authorities' certificates that lead from it to its root, if they are known here.</summary>
    private SslStreamCertificateContext Own() => SslStreamCertificateContext.Create(Certificate!, Authorities, offline: true);

    /// <summary>The rules for checking the peer's certificate. Nothing in it makes this side fetch anything.</summary>
    private X509ChainPolicy ChainPolicy()
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

    private bool IsPeer(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return false;
        }

        using var peer = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        bool hasKey = PeerKeys.Count == 0 || PeerKeys.Contains(KeyOf(peer), StringComparer.OrdinalIgnoreCase);
        return hasKey && (Authorities.Count == 0 || IsSigned(peer, chain));
    }

    private bool IsSigned(X509Certificate2 peer, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = ChainPolicy();
        foreach (X509ChainElement element in sent?.ChainElements.Skip(1) ?? [])
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(peer) && (PeerName is null || peer.MatchesHostname(PeerName));
    }
}

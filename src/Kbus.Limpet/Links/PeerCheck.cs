using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Checks the certificate of one peer, and records why it is refused.</summary>
/// <remarks>
/// Anybody can send a certificate, before anything is known of him. So nothing that is in one may do more than end the connection. The
/// framework calls this from within its TLS library, where an exception would end the process.
/// </remarks>
/// <param name="security">What is known of the peer.</param>
/// <param name="isServer">Whether this side is the server, and the peer a client.</param>
internal sealed class PeerCheck(LimpetSecurity security, bool isServer)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const int LongestIssuer = 200;

    /// <summary>Why the peer is refused, as the end of a sentence; null if it is not.</summary>
    public string? Failure { get; private set; }

    /// <summary>What the peer has shown; null before.</summary>
    public PeerProof? Proof { get; private set; }

    /// <summary>Whether the peer may be linked. Never throws.</summary>
    public bool IsPeer(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        Accepts(() => certificate?.GetRawCertData(), chain?.ChainElements.Skip(1).Select(e => e.Certificate) ?? []);

    /// <summary>The same, of the certificate's bytes.</summary>
    /// <param name="certificate">Gives the certificate, in DER; null if there is none.</param>
    /// <param name="sent">Those of authorities that came with it.</param>
    internal bool Accepts(Func<byte[]?> certificate, IEnumerable<X509Certificate2> sent)
    {
        try
        {
            Failure = certificate() is { } bytes ? Judge(bytes, sent) : "it showed no certificate";
        }
        catch (Exception)
        {
            // Whatever is wrong with it: a stranger sent it.
            Failure = "its certificate cannot be read";
        }

        return Failure is null;
    }

    /// <summary>Why the peer is refused; null if it is not.</summary>
    /// <exception cref="CryptographicException">The certificate is malformed.</exception>
    private string? Judge(ReadOnlySpan<byte> bytes, IEnumerable<X509Certificate2> sent)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(bytes);
        string key = LimpetSecurity.KeyOf(certificate);
        string? unsigned = security.Authorities.Count == 0 ? "no authority is known here" : WhyUnsigned(certificate, sent);
        Proof = new PeerProof(key, PeerProof.NamesOf(certificate), unsigned);
        return security.Refuses(Proof);
    }

    private string? WhyUnsigned(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = security.ChainPolicy();
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(isServer ? ClientUse : ServerUse));
        foreach (X509Certificate2 one in sent)
        {
            chain.ChainPolicy.ExtraStore.Add(one);
        }

        if (chain.Build(certificate))
        {
            return null;
        }

        X509ChainStatusFlags all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, s) => flags | s.Status);
        return all.HasFlag(X509ChainStatusFlags.UntrustedRoot) || all.HasFlag(X509ChainStatusFlags.PartialChain) ? $"none of the authorities known here has signed its certificate; its issuer is {Text(certificate.Issuer)}"
            : all.HasFlag(X509ChainStatusFlags.NotTimeValid) ? WhenNot(certificate)
            : all.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? $"its certificate is not made for a {(isServer ? "client" : "server")} (extended key usage)"
            : $"its certificate does not hold: {all}";
    }

    private static string WhenNot(X509Certificate2 certificate)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return now > certificate.NotAfter ? $"its certificate expired on {Date(certificate.NotAfter)}"
            : now < certificate.NotBefore ? $"its certificate is not valid before {Date(certificate.NotBefore)}; is this machine's clock right?"
            : "a certificate of its authorities is not valid now";
    }

    private static string Date(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Text(string name) => PrintableText.Of(name.Length > LongestIssuer ? name[..LongestIssuer] : name);
}

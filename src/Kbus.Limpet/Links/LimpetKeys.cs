using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Limpets;

/// <summary>Keys and certificates for links: made here, or read from files in PEM form.</summary>
/// <remarks>What cannot be read throws what the framework throws: <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> or
/// <see cref="CryptographicException"/>.</remarks>
public static class LimpetKeys
{
    /// <summary>RFC 5280, section 4.1.2.5: it has no end date. To end it, the other side removes its pin.</summary>
    private static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>Makes a key (ECDSA, P-256) and a certificate that it signs itself, for a peer that knows it by
    /// <see cref="LimpetSecurity.KeyOf"/>.</summary>
    /// <param name="name">The name in the certificate. It is not checked.</param>
    /// <returns>The private key and the certificate, in PEM form. Whoever has it can pose as this Limpet, so only its user may read
    /// it.</returns>
    public static string MakePem(string name = "limpet")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var distinguished = new X500DistinguishedNameBuilder();
        distinguished.AddCommonName(name);
        var request = new CertificateRequest(distinguished.Build(), key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, Never);
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
    }

    /// <summary>Reads a certificate with its private key.</summary>
    /// <param name="certificate">The file that has the certificate.</param>
    /// <param name="key">The file that has its private key, not encrypted; null if it is in the same one.</param>
    public static X509Certificate2 Read(string certificate, string? key = null) => X509Certificate2.CreateFromPemFile(certificate, key ?? certificate);

    /// <summary>Reads the certificates of authorities.</summary>
    /// <param name="file">The file that has them.</param>
    /// <exception cref="CryptographicException">There is none in it.</exception>
    public static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException($"{file} has no certificate in PEM form.");
    }
}

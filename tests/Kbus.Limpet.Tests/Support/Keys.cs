using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Limpets.Tests;

/// <summary>Two Limpets' keys, each of which pins the other's, and an authority that has signed both.</summary>
internal sealed class Keys : IDisposable
{
    private readonly List<X509Certificate2> _all = [];

    public Keys()
    {
        Authority = Signed("CN=authority", null);
        Certificates = (Signed("CN=one", Authority), Signed("CN=other", Authority));
        One = new LimpetSecurity { Certificate = Certificates.One, PeerKeys = [LimpetSecurity.KeyOf(Certificates.Other)] };
        Other = new LimpetSecurity { Certificate = Certificates.Other, PeerKeys = [LimpetSecurity.KeyOf(Certificates.One)] };
    }

    public LimpetSecurity One { get; }

    public LimpetSecurity Other { get; }

    public X509Certificate2 Authority { get; }

    public (X509Certificate2 One, X509Certificate2 Other) Certificates { get; }

    /// <summary>Makes a certificate, signed by an authority or by itself.</summary>
    public X509Certificate2 Signed(string subject, X509Certificate2? authority, string? use = null, int daysFrom = 0, int daysTo = 9)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName($"{subject[3..]}.example");
        request.CertificateExtensions.Add(names.Build());
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        X509Certificate2 made;
        if (authority is null)
        {
            made = request.CreateSelfSigned(now.AddDays(-5), now.AddDays(20));
        }
        else
        {
            using X509Certificate2 open = request.Create(authority, now.AddHours(-1).AddDays(daysFrom), now.AddDays(daysTo), RandomNumberGenerator.GetBytes(8));
            made = open.CopyWithPrivateKey(key);
        }

        _all.Add(made);
        return made;
    }

    public void Dispose() => _all.ForEach(c => c.Dispose());
}

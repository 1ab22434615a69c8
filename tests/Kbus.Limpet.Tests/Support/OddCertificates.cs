using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Limpets.Tests;

/// <summary>Certificates that a stranger may show and that are not quite as they should be.</summary>
internal static class OddCertificates
{
    /// <summary>A self-signed certificate whose key has parameters of BER's indefinite length. OpenSSL accepts it; the framework cannot write
    /// it as DER again.</summary>
    /// <returns>The certificate and its private key, in PEM form.</returns>
    public static string WithIndefiniteParameters() => Made([0x30, 0x80, 0x00, 0x00]);

    /// <summary>A self-signed certificate as it should be.</summary>
    public static string AsItShouldBe() => Made([0x05, 0x00]);

    private static string Made(byte[] parameters)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=odd", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(10));
        AsnReader outer = new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence();
        AsnReader body = outer.ReadSequence();
        ReadOnlyMemory<byte> algorithm = outer.ReadEncodedValue();
        byte[] changed = Body(body, parameters);
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(changed);
            writer.WriteEncodedValue(algorithm.Span);
            writer.WriteBitString(key.SignData(changed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }

        return $"{PemEncoding.WriteString("CERTIFICATE", writer.Encode())}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    private static byte[] Body(AsnReader body, byte[] parameters)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            // Version, serial number, algorithm, issuer, validity, subject; then the key, and extensions.
            for (int i = 0; i < 6; i++)
            {
                writer.WriteEncodedValue(body.ReadEncodedValue().Span);
            }

            AsnReader key = body.ReadSequence();
            AsnReader algorithm = key.ReadSequence();
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(algorithm.ReadObjectIdentifier());
                    writer.WriteEncodedValue(parameters);
                }

                writer.WriteEncodedValue(key.ReadEncodedValue().Span);
            }

            while (body.HasData)
            {
                writer.WriteEncodedValue(body.ReadEncodedValue().Span);
            }
        }

        return writer.Encode();
    }
}

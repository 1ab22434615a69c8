using System.Security.Cryptography.X509Certificates;
using Kbus.Limpets;

namespace Kbus.Fuzz;

/// <summary>A certificate that a stranger shows to a Limpet. It is accepted or refused with a reason; the check never throws.</summary>
internal sealed class CertificateTarget : Target
{
    private static readonly X509Certificate2 Authority = Own();
    private static readonly LimpetSecurity[] Securities =
    [
        new() { PeerKeys = [new string('0', 64)] },
        new() { Authorities = [Authority], PeerName = "a.example" },
        new() { PeerKeys = [new string('0', 64)], Authorities = [Authority] },
    ];

    /// <inheritdoc/>
    public override string Name => "certificates";

    /// <inheritdoc/>
    public override string About => "certificates that a peer of a Limpet shows";

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        byte[] certificate = input.ToArray();
        foreach (LimpetSecurity security in Securities)
        {
            foreach (bool isServer in (bool[])[false, true])
            {
                var check = new PeerCheck(security, isServer);
                bool isPeer = check.Accepts(() => certificate, []);
                Expect(!isPeer, "a stranger is taken for the peer");
                Expect(check.Failure is { Length: > 0 and < 2000 }, "a refusal has no reason, or one of any length");
                Expect(check.Proof is null || check.Proof.Key.Length == 64, "a key is known by other than 64 digits");
                Expect(check.Proof is null || check.Proof.NamesText.Length < 3000, "the names of a certificate are of any length");
            }
        }
    }

    private static X509Certificate2 Own() => X509Certificate2.CreateFromPem(LimpetKeys.MakePem("authority"));
}

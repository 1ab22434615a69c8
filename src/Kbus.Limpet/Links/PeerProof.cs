using System.Security.Cryptography.X509Certificates;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>What a peer has shown of itself by its certificate, of which it has the private key.</summary>
/// <param name="Key">Its key, as <see cref="LimpetSecurity.PeerKeys"/> has it.</param>
/// <param name="Names">The names that the certificate is for.</param>
/// <param name="Unsigned">Why it counts as signed by no authority, as the end of a sentence; null if one of the authorities has signed
/// it.</param>
internal sealed record PeerProof(string Key, IReadOnlyList<string> Names, string? Unsigned)
{
    private const int MostNames = 100;
    private const int LongestName = 100;

    /// <summary>The names, as the end of a sentence.</summary>
    public string NamesText => Names.Count == 0 ? "no name" : string.Join(", ", Names.Take(5).Select(n => PrintableText.Of(n)));

    /// <summary>Whether the certificate is for a name.</summary>
    public bool IsFor(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase) || Names.Any(n => IsWildcardFor(n, name));

    /// <summary>The names in a certificate: those of machines, or the common name if there are none.</summary>
    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is not null
            ? [.. names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => $"{a}")).Where(n => n.Length <= LongestName).Take(MostNames)]
            : certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 and <= LongestName } common ? [common] : [];
    }

    /// <summary>RFC 6125: a star stands for one label, the first.</summary>
    private static bool IsWildcardFor(string pattern, string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return pattern.StartsWith("*.", StringComparison.Ordinal) && dot > 0 && name.AsSpan(dot).Equals(pattern.AsSpan(1), StringComparison.OrdinalIgnoreCase);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Limpets;

/// <summary>Where a Limpet listens, or connects to: a host and a TCP port, or the path of a Unix socket. Spec section 12.11.</summary>
/// <param name="Host">The host's name or address; null for a Unix socket.</param>
/// <param name="Port">The TCP port: 0 to 65535, 0 for a listener that takes any; 0 for a Unix socket.</param>
/// <param name="Path">The path of a Unix socket; null for TCP.</param>
public sealed record LimpetAddress(string? Host, int Port, string? Path)
{
    private const int LongestPath = 107;
    private const int LongestHost = 255;

    /// <summary>Reads an address: with a colon it is HOST:PORT, or [HOST]:PORT for an address of IPv6. Otherwise it is the path of a Unix
    /// socket.</summary>
    /// <param name="text">Such as <c>robot.local:4321</c>, <c>[::1]:4321</c> or <c>/run/limpet</c>.</param>
    /// <returns>The address.</returns>
    /// <exception cref="ArgumentException">It is neither; the message says why.</exception>
    public static LimpetAddress Parse(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        int colon = text.LastIndexOf(':');
        if (colon < 0 || text.Contains('/', StringComparison.Ordinal))
        {
            int length = Encoding.UTF8.GetByteCount(text);
            return length <= LongestPath ? new LimpetAddress(null, 0, text)
                : throw new ArgumentException($"the path {text} has {length} bytes; a Unix socket's has {LongestPath} at most");
        }

        string host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException($"{text}: an address of IPv6 stands in brackets, as in [::1]:4321");
        }

        if (!int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > IPEndPoint.MaxPort || host.Length is 0 or > LongestHost)
        {
            throw new ArgumentException($"{text} is no HOST:PORT with a port of 0 to {IPEndPoint.MaxPort}");
        }

        return new LimpetAddress(host, port, null);
    }

    /// <summary>The address as one writes it.</summary>
    public override string ToString() => Path ?? (Host!.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}");

    /// <summary>The places that the host's name stands for, if they are known already; null to ask for them.</summary>
    internal IReadOnlyList<EndPoint>? Places { get; init; }

    /// <summary>The places that it names, in the order of trying.</summary>
    /// <exception cref="SocketException">The host's name is not known.</exception>
    internal async Task<EndPoint[]> ResolveAsync(CancellationToken cancellationToken) => Places is not null ? [.. Places] : Path is not null
        ? [new UnixDomainSocketEndPoint(Path)]
        : IPAddress.TryParse(Host, out IPAddress? address) ? [new IPEndPoint(address, Port)]
        : [.. (await Dns.GetHostAddressesAsync(Host!, cancellationToken).ConfigureAwait(false)).Select(a => new IPEndPoint(a, Port))];
}

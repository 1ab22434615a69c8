namespace Kbus.Limpets.Tests;

/// <summary>How two ends of a link are connected.</summary>
public enum Way
{
    /// <summary>A Unix socket.</summary>
    Unix,

    /// <summary>TCP, as it is.</summary>
    Tcp,

    /// <summary>TCP with TLS.</summary>
    Tls,
}

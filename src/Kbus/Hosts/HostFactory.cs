using Kbus.Links;

namespace Kbus.Hosts;

/// <summary>Where Ksocks that are opened by number get their host from.</summary>
internal static class HostFactory
{
    /// <summary>Opens a Ksock on a bus of the daemon.</summary>
    /// <exception cref="KbusException">It cannot be opened.</exception>
    public static KsockHost Open(uint device, KsockMode mode, KsockOptions options) => LinkHost.Open(device, mode, options);
}

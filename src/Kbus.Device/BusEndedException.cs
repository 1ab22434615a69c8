namespace Kbus.Device;

/// <summary>A fault of ours has ended the bus that a device file belongs to: the call fails with EIO (D22).</summary>
internal sealed class BusEndedException : Exception;

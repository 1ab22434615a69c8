namespace Kbus.Device;

/// <summary>The device files cannot be made; the message says why, for the person who asked for them.</summary>
internal sealed class DeviceException(string message) : Exception(message);

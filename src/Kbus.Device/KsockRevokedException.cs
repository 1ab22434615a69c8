namespace Kbus.Device;

/// <summary>The policy does not let a Ksock be open any more: whatever is asked of its file fails with EPERM.</summary>
internal sealed class KsockRevokedException : Exception;

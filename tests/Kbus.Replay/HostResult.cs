namespace Kbus.Replay;

/// <summary>What one call on a host gave: a value, or an errno.</summary>
/// <remarks>A host simply returns the value or the errno; both convert.</remarks>
internal readonly record struct HostResult<T>(Errno Errno, T? Value)
{
    public static implicit operator HostResult<T>(T value) => new(Errno.None, value);

    public static implicit operator HostResult<T>(Errno errno) => new(errno, default);
}

using System.Runtime.InteropServices;

namespace Kbus.Replay;

/// <summary>Whether device files can be had on this machine.</summary>
internal static class DeviceSupport
{
    /// <summary>Null if they can, else why not.</summary>
    public static string? WhyNot { get; } =
        !File.Exists("/dev/fuse") ? "there is no /dev/fuse"
        : !NativeLibrary.TryLoad("libfuse3.so.3", out _) ? "there is no libfuse 3 (Debian: libfuse3-3)"
        : !Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/fusermount3") ? "there is no fusermount3 (Debian: fuse3)"
        : null;
}

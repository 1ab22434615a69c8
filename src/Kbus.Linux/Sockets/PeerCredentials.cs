using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <summary>Who is at the other end of a Unix socket, as the kernel says.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct PeerCredentials
{
    /// <summary>The process id.</summary>
    public readonly int ProcessId;

    /// <summary>The effective user id.</summary>
    public readonly uint UserId;

    /// <summary>The effective group id.</summary>
    public readonly uint GroupId;
}

using Kbus.Linux;

namespace Kbus.Device;

/// <summary>Whether this user may mount a file system that other users can use too.</summary>
internal static class OtherUsers
{
    /// <summary>True for root, for those who may mount without fusermount3, and for everybody if the administrator says so.</summary>
    public static bool MayBeLetIn =>
        LibC.UserId() == 0 || LibC.SetCapability(LibC.CapabilityAdminister, wanted: true) || IsAllowedToAll();

    private static bool IsAllowedToAll()
    {
        try
        {
            return File.ReadLines("/etc/fuse.conf").Any(l => l.Trim() == "user_allow_other");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

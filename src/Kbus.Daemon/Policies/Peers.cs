using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Who is at the other end of a connection, as far as a policy asks.</summary>
internal static class Peers
{
    /// <summary>The user and all groups of the process when it connected, as the kernel reports them.</summary>
    public static Identity Identify(int socket, in PeerCredentials peer)
    {
        int result = LibC.PeerGroups(socket, out uint[] groups);
        return new Identity(peer.UserId, groups.Append(peer.GroupId), areGroupsKnown: result >= 0);
    }
}

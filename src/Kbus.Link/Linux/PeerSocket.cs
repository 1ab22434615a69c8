namespace Kbus.Link;

/// <summary>What a socket tells of its other end.</summary>
internal static class PeerSocket
{
    /// <summary>Poll results that mean that the other side will send no more.</summary>
    public const int Gone = LibC.PollHangUp | LibC.PollError | LibC.PollInvalid | LibC.PollPeerClosed;

    /// <summary>Whether the other end has been closed or its process has died.</summary>
    public static bool HasHungUp(int socket)
    {
        int reported = LibC.Poll(socket, LibC.PollPeerClosed, Deadline.Passed);
        return reported < 0 || (reported & Gone) != 0;
    }
}

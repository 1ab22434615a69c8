namespace Kbus.Linux;

/// <summary>What a socket tells of its other end.</summary>
internal static class PeerSocket
{
    /// <summary>Poll results that mean that the other side will send no more.</summary>
    public const int Gone = LibC.PollHangUp | LibC.PollError | LibC.PollInvalid | LibC.PollPeerClosed;

    /// <summary>Whether the other end has been closed or its process has died.</summary>
    public static bool HasHungUp(int socket) => HangsUp(socket, Deadline.Passed);

    /// <summary>Sleeps until the other end has been closed or its process has died. False if that has not happened in time.</summary>
    public static bool HangsUp(int socket, Deadline deadline)
    {
        int reported = LibC.Poll(socket, LibC.PollPeerClosed, deadline);
        return reported < 0 || (reported & Gone) != 0;
    }
}

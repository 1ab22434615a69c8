namespace Kbus.Linux;

/// <summary>The process at the other end of a Unix socket, as a pidfd.</summary>
internal static class PeerProcess
{
    /// <summary>Opens a pidfd for the process that connected the socket. Zero or <c>-errno</c>; ESRCH if it has ended already.</summary>
    /// <remarks>
    /// <para>The kernel itself says which process it was (SO_PEERPIDFD, Linux 6.5), whatever pid namespace it is in. An older kernel knows only the
    /// number that it had, and only for a process that this one can see.</para>
    /// <para>A process that has ended is refused: others may hold its socket, but nobody would be told when they end.</para>
    /// </remarks>
    /// <param name="socket">The socket.</param>
    /// <param name="peer">Who connected it.</param>
    /// <param name="process">The pidfd; null if the kernel has none to give: then the socket alone tells when the other end has gone.</param>
    public static int Open(Descriptor socket, PeerCredentials peer, out Descriptor? process)
    {
        process = null;
        int number = LibC.PeerPidfd(socket.Number);
        if (number is LibC.NoSuchOption)
        {
            number = peer.ProcessId == 0 ? LibC.NoSuchCall : LibC.PidfdOpen(peer.ProcessId);
            if (number is LibC.NoSuchCall or LibC.NotPermitted)
            {
                return 0;
            }
        }

        if (number < 0)
        {
            return number is LibC.TooManyOpen or LibC.TooManyOnMachine or LibC.NoMemory ? number : LibC.NoSuchProcess;
        }

        process = new Descriptor(number);
        if (LibC.Poll(number, LibC.PollIn, Deadline.Passed) > 0)
        {
            process.Dispose();
            process = null;
            return LibC.NoSuchProcess;
        }

        return 0;
    }
}

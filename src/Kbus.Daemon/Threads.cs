namespace Kbus.Daemon;

/// <summary>Starts threads. The kernel may refuse one at any time (<c>ulimit -u</c>, the pids controller), which is no internal fault.</summary>
internal static class Threads
{
    /// <summary>Starts a thread.</summary>
    /// <returns>False if the kernel allows no further one.</returns>
    public static bool TryStart(Thread thread)
    {
        try
        {
            thread.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }
}

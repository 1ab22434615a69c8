namespace Kbus.Linux;

/// <summary>Makes and starts threads. The kernel may refuse one at any time (<c>ulimit -u</c>, the pids controller), which is no internal fault.</summary>
internal static class Threads
{
    // Without this, the size would be the limit of the process (ulimit -s), which may be too small for managed code.
    private const int StackSize = 1024 * 1024;

    /// <summary>Makes a thread that ends with its process.</summary>
    /// <param name="name">Its name, as debuggers and <c>ps</c> show it.</param>
    /// <param name="run">What it does.</param>
    public static Thread Make(string name, ThreadStart run) => new(run, StackSize) { Name = name, IsBackground = true };

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

    /// <summary>Makes and starts a thread that ends with its process.</summary>
    /// <returns>False if the kernel allows no further one.</returns>
    public static bool TryStart(string name, ThreadStart run) => TryStart(Make(name, run));
}

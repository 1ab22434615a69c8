namespace Kbus.Daemon;

/// <summary>Counts the results of a new policy on all buses, and logs them when the last bus is done. Any thread may call.</summary>
/// <param name="path">The policy's file.</param>
/// <param name="buses">How many buses there are.</param>
/// <param name="log">The log.</param>
internal sealed class PolicyReport(string path, int buses, Log log)
{
    private int _left = buses;
    private int _bindings;
    private int _ksocks;

    /// <summary>A Ksock has been closed.</summary>
    public void KsockClosed() => Interlocked.Increment(ref _ksocks);

    /// <summary>A binding has been ended.</summary>
    public void BindingEnded() => Interlocked.Increment(ref _bindings);

    /// <summary>One bus is done, or has ended.</summary>
    public void Done()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            log.PolicyReloaded(path, Volatile.Read(ref _bindings), Volatile.Read(ref _ksocks));
        }
    }
}

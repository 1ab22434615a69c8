namespace Kbus.Daemon;

/// <summary>The outermost frames of the daemon's threads: an exception ends the step in which it was thrown, and is logged. The rest goes on.</summary>
/// <remarks>A frame itself throws nothing, and needs no memory of its own. Any thread may call.</remarks>
/// <param name="log">Where faults are logged.</param>
/// <param name="before">Called in each frame before its step, with the name of the step. A test makes its faults there.</param>
/// <param name="faulted">Called with each fault. A test may throw it again, so that it is seen.</param>
internal sealed class Frames(Log log, Action<string>? before = null, Action<Exception>? faulted = null)
{
    /// <summary>Carries out a step in a frame of its own.</summary>
    /// <param name="what">The name of the step, as the log says that it was given up.</param>
    /// <param name="subject">What the step is about.</param>
    /// <param name="step">The step. A method or lambda without captured variables, which is allocated once.</param>
    /// <returns>False if it was given up.</returns>
    public bool TryRun<T>(string what, T subject, Action<T> step)
    {
        try
        {
            before?.Invoke(what);
            step(subject);
            return true;
        }
        catch (Exception e)
        {
            log.GivenUp(what, e);
            faulted?.Invoke(e);
            return false;
        }
    }
}

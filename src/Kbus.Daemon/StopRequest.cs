namespace Kbus.Daemon;

/// <summary>The request to stop the daemon, with its reason. It exists before the daemon, so that a request during the start is not lost.</summary>
/// <param name="ring">Notifies the main thread; null if nobody waits.</param>
internal sealed class StopRequest(Action? ring = null)
{
    private string? _why;

    /// <summary>The reason; null if nobody has asked.</summary>
    public string? Why => Volatile.Read(ref _why);

    /// <summary>Asks the daemon to stop. Any thread may call; the first reason counts.</summary>
    public void Ask(string why)
    {
        _ = Interlocked.CompareExchange(ref _why, why, null);
        ring?.Invoke();
    }
}

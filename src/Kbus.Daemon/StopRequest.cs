namespace Kbus.Daemon;

/// <summary>That the daemon is to stop, and why. It is there before the daemon, so that a signal during the start is not lost.</summary>
internal sealed class StopRequest
{
    private readonly TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes, with the reason, when the daemon is to stop.</summary>
    public Task<string> Asked => _asked.Task;

    /// <summary>Asks the daemon to stop. Any thread may call; the first reason counts.</summary>
    public void Ask(string why) => _asked.TrySetResult(why);
}

namespace Kbus.Daemon;

/// <summary>The request to stop the daemon, with its reason. It exists before the daemon, so that a signal during the start is not lost.</summary>
internal sealed class StopRequest
{
    private readonly TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes, with the reason, when the daemon is to stop.</summary>
    public Task<string> Asked => _asked.Task;

    /// <summary>Asks the daemon to stop. Any thread may call; the first reason counts.</summary>
    public void Ask(string why) => _asked.TrySetResult(why);
}

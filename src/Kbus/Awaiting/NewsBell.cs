using Kbus.Hosts;

namespace Kbus;

/// <summary>Turns a host's news into tasks: all who wait asynchronously on one Ksock wait for the same task, which the next news completes.</summary>
/// <remarks>Continuations run on the thread pool, never on the thread that brings the news.</remarks>
internal sealed class NewsBell
{
    private readonly KsockHost _host;
    private readonly Action _signal;
    private TaskCompletionSource _next = NewSource();

    public NewsBell(KsockHost host)
    {
        _host = host;
        _signal = Signal;
    }

    /// <summary>A task that is complete once there has been news.</summary>
    /// <param name="since">What <see cref="KsockHost.WatchNews"/> gave before the caller looked and found nothing.</param>
    public Task Next(long since)
    {
        // The task is picked up before the host is asked to signal, so that a signal in between completes this very task.
        Task task = Volatile.Read(ref _next).Task;
        _host.NotifyOfNews(since, _signal);
        return task;
    }

    /// <summary>Wakes all who wait.</summary>
    public void Signal() => Interlocked.Exchange(ref _next, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

namespace Kbus;

/// <summary>Runs what may block for long on a thread of its own, so that it takes none of the pool's few threads from others.</summary>
internal static class OwnThread
{
    private const TaskCreationOptions Options = TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Runs it. The task ends as it does.</summary>
    public static Task Run(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, Options, TaskScheduler.Default);

    /// <summary>Runs it. The task has its result.</summary>
    public static Task<T> Run<T>(Func<T> function) =>
        Task.Factory.StartNew(function, CancellationToken.None, Options, TaskScheduler.Default);
}

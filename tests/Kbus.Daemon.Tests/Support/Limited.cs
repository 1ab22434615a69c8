namespace Kbus.Daemon.Tests;

/// <summary>Runs a test under an outer limit: one that hangs fails instead.</summary>
internal static class Limited
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public static Task Run(Action test) =>
        Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Limit);
}

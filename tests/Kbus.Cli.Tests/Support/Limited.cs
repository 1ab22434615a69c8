namespace Kbus.Cli.Tests;

/// <summary>Runs a test under an outer limit: one that hangs fails instead.</summary>
internal static class Limited
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public static Task Run(Action test) => Run(Limit, test);

    public static Task Run(TimeSpan limit, Action test) =>
        Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(limit);
}

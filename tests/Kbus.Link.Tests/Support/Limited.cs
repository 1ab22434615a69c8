namespace Kbus.Link.Tests;

/// <summary>Runs what may block under an outer limit: a test that hangs fails instead.</summary>
internal static class Limited
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    /// <summary>Runs it on a thread of its own.</summary>
    public static async Task Run(Action body)
    {
        await Start(body).WaitAsync(Limit, CancellationToken.None);
    }

    /// <summary>Runs several at the same time, each on a thread of its own; fails with the first that fails.</summary>
    public static async Task Run(params Action[] bodies)
    {
        var running = bodies.Select(Start).ToList();
        while (running.Count > 0)
        {
            Task ended = await Task.WhenAny(running).WaitAsync(Limit, CancellationToken.None);
            running.Remove(ended);
            if (ended.IsFaulted && running.Count > 0)
            {
                // What they share is gone after this: give the others a moment to see that it is over.
                await Task.WhenAny(Task.WhenAll(running), Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
            }

            await ended;
        }
    }

    private static Task Start(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

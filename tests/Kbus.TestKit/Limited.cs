namespace Kbus.TestKit;

/// <summary>Runs what may block under an outer limit: a test that hangs fails instead.</summary>
public static class Limited
{
    /// <summary>Far longer than any of these tests takes on a slow machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    /// <summary>Runs it on a thread of its own.</summary>
    public static Task Run(Action test) => Run(Limit, test);

    /// <summary>Runs it on a thread of its own, under a limit of its own.</summary>
    public static Task Run(TimeSpan limit, Action test) => Start(test).WaitAsync(limit, CancellationToken.None);

    /// <summary>Runs it on the thread pool.</summary>
    public static Task Run(Func<Task> test) => Task.Run(test).WaitAsync(Limit, CancellationToken.None);

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

    /// <summary>Runs it on a thread of its own, without a limit.</summary>
    public static Task Start(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

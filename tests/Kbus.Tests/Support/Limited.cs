namespace Kbus.Tests;

/// <summary>Runs a test within an outer limit: a call that never comes back fails the test instead of hanging the run.</summary>
internal static class Limited
{
    /// <summary>Far longer than any of these tests takes on a slow machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public static Task Run(Action test) => Task.Run(test).WaitAsync(Limit);

    public static Task Run(Func<Task> test) => Task.Run(test).WaitAsync(Limit);
}

namespace Kbus.Cli;

/// <summary>Waits between two messages (<c>--interval</c>) or two lines of the play.</summary>
internal static class Pause
{
    /// <summary>Waits so long, or until a signal comes.</summary>
    /// <exception cref="OperationCanceledException">A signal came.</exception>
    public static void For(Invocation invocation, TimeSpan time)
    {
        using var stopping = new CancellationTokenSource();
        Action stop = stopping.Cancel;
        invocation.Ending.Add(stop);
        try
        {
            Task.Delay(time, invocation.Time, stopping.Token).GetAwaiter().GetResult();
        }
        finally
        {
            invocation.Ending.Remove(stop);
        }
    }

    /// <summary>Waits as long as <c>--interval</c> says, unless no message follows.</summary>
    /// <exception cref="CommandException">The time for all (<c>--for</c>) runs out before.</exception>
    /// <exception cref="OperationCanceledException">A signal came.</exception>
    public static void BetweenMessages(Invocation invocation, StreamLimit limit)
    {
        if (limit.IsReached || invocation.Arguments.Seconds(Options.Interval) is not { } interval)
        {
            return;
        }

        TimeSpan? wait = limit.LeftAtMost(interval);
        For(invocation, wait!.Value);
        if (wait < interval)
        {
            throw limit.TimeOut();
        }
    }
}

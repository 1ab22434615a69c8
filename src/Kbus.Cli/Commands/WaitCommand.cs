namespace Kbus.Cli;

/// <summary><c>kbus wait</c>: waits until each of some names has a replier.</summary>
/// <remarks>It asks the bus again and again, ever more rarely. No setting of the bus is changed for it, and no permission is needed.</remarks>
internal static class WaitCommand
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var limit = new StreamLimit(invocation);
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Read);
        foreach (string name in invocation.Arguments.Operands)
        {
            invocation.Note($"Ksock {WaitFor(invocation, ksock, name, limit)} replies to {name}.");
        }

        return ExitCode.Done;
    }

    private static uint WaitFor(Invocation invocation, Ksock ksock, string name, StreamLimit limit)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            if (ksock.FindReplierFor(name) is { } replier)
            {
                return replier;
            }

            TimeSpan wait = limit.LeftAtMost(pause)!.Value;
            if (wait == TimeSpan.Zero)
            {
                throw new CommandException(ExitCode.TimedOut, $"the time (--for) ran out: nobody replies to {name}.");
            }

            Pause.For(invocation, wait);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}

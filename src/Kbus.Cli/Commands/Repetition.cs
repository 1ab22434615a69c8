using System.Text;

namespace Kbus.Cli;

/// <summary>Shows something again and again, until a count, a time or a signal ends it. On a terminal each time begins on an empty screen.</summary>
internal static class Repetition
{
    private const string ClearScreen = "\e[H\e[2J\e[3J";

    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(1);

    /// <summary>Does it.</summary>
    /// <param name="invocation">Has the options <c>--interval</c>, <c>-n</c> and <c>--for</c>.</param>
    /// <param name="show">Shows it once.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">The time for all (<c>--for</c>) has run out.</exception>
    public static int Run(Invocation invocation, Action show)
    {
        var limit = new StreamLimit(invocation);
        TimeSpan interval = invocation.Arguments.Seconds(Options.Interval) ?? UsualInterval;
        while (true)
        {
            // Written at once with what follows, so that the screen does not flicker.
            invocation.Output.Hold();
            try
            {
                Begin(invocation, isFirst: limit.Seen == 0);
                show();
            }
            finally
            {
                invocation.Output.Release();
            }

            limit.Step();
            if (limit.IsReached)
            {
                return ExitCode.Done;
            }

            TimeSpan wait = limit.LeftAtMost(interval)!.Value;
            Pause.For(invocation, wait);
            if (wait < interval)
            {
                throw limit.TimeOut();
            }
        }
    }

    private static void Begin(Invocation invocation, bool isFirst)
    {
        if (invocation.Output.IsTerminal)
        {
            invocation.Output.Write(Encoding.ASCII.GetBytes(ClearScreen));
        }
        else if (!isFirst && !invocation.Arguments.Has(Options.JsonDocument))
        {
            invocation.Output.WriteLine("");
        }
    }
}

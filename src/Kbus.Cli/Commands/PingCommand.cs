using System.Globalization;

namespace Kbus.Cli;

/// <summary><c>kbus ping</c>: how long a bus takes to answer a question, from this process.</summary>
internal static class PingCommand
{
    private const uint UsualCount = 5;
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(1);

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var limit = new StreamLimit(invocation, UsualCount);
        TimeSpan interval = invocation.Arguments.Seconds(Options.Interval) ?? UsualInterval;
        List<double> times = [];
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Read);
        try
        {
            while (true)
            {
                long start = invocation.Time.GetTimestamp();
                _ = ksock.NumMessages;
                double microseconds = invocation.Time.GetElapsedTime(start).TotalMicroseconds;
                times.Add(microseconds);
                limit.Step();
                invocation.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bus {ksock.Device} answered in {microseconds:0.0} µs"));
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
        finally
        {
            if (times.Count > 0)
            {
                times.Sort();
                invocation.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{times.Count} answers: {times[0]:0.0} µs at least, {times[times.Count / 2]:0.0} in the middle, {times[^1]:0.0} at most"));
            }
        }
    }
}

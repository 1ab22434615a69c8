using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>Waiting for what another process does, by looking again and again within a limit.</summary>
internal static class Until
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <summary>Looks until it is so; fails with the words if it never is.</summary>
    public static void True(Func<bool> isSo, Func<string> otherwise)
    {
        long start = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, otherwise());
            Thread.Yield();
        }
    }
}

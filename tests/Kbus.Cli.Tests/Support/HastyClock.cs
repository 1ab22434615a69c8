namespace Kbus.Cli.Tests;

/// <summary>A clock on which every wait is over at once, and that says how long each was to be.</summary>
internal sealed class HastyClock : TimeProvider
{
    public List<TimeSpan> Waited { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waited.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}

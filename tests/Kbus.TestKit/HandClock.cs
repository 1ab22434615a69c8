namespace Kbus.TestKit;

/// <summary>A clock that stands still until the test moves it on.</summary>
public sealed class HandClock : TimeProvider, IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<HandTimer> _timers = [];
    private readonly SemaphoreSlim _started = new(0);
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HandTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until somebody waits for the clock.</summary>
    public Task UntilSomebodyWaits() => _started.WaitAsync();

    public void Dispose() => _started.Dispose();

    /// <summary>Moves the clock on, and ends what was to end by then.</summary>
    public void Advance(TimeSpan by)
    {
        List<HandTimer> due;
        lock (_lock)
        {
            _now += by.Ticks;
            due = _timers.FindAll(t => t.Due <= _now);
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(t => t.Fire());
    }

    private void Set(HandTimer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            timer.Due = _now + dueTime.Ticks;
            _timers.Add(timer);
        }

        _started.Release();
    }

    private sealed class HandTimer(HandClock clock, Action fire) : ITimer
    {
        public long Due { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Set(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Set(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

namespace Kbus.Limpets;

/// <summary>Time without a thread: what is due happens when <see cref="Look"/> is called, on the caller's thread.</summary>
/// <remarks>A timer of the runtime would start threads, and a process with such threads cannot go on in a forked child. Any thread may
/// call.</remarks>
internal sealed class CallersTime : TimeProvider
{
    private readonly Lock _lock = new();
    private Alarm[] _alarms = [];

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(period, Timeout.InfiniteTimeSpan);
        var alarm = new Alarm(this, callback, state);
        alarm.Change(dueTime, period);
        lock (_lock)
        {
            Volatile.Write(ref _alarms, [.. _alarms, alarm]);
        }

        return alarm;
    }

    /// <summary>Lets happen what is due by now.</summary>
    public void Look()
    {
        foreach (Alarm alarm in Volatile.Read(ref _alarms))
        {
            alarm.Look();
        }
    }

    private sealed class Alarm(CallersTime time, TimerCallback callback, object? state) : ITimer
    {
        private const long Never = long.MaxValue;
        private long _due = Never;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(period, Timeout.InfiniteTimeSpan);
            long pause = (long)(dueTime.TotalSeconds * time.TimestampFrequency);
            Volatile.Write(ref _due, dueTime == Timeout.InfiniteTimeSpan ? Never : time.GetTimestamp() + pause);
            return true;
        }

        public void Look()
        {
            long due = Volatile.Read(ref _due);
            if (due != Never && due <= time.GetTimestamp() && Interlocked.CompareExchange(ref _due, Never, due) == due)
            {
                callback(state);
            }
        }

        public void Dispose() => Volatile.Write(ref _due, Never);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

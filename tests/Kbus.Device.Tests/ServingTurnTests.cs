using Kbus.Core;

namespace Kbus.Device.Tests;

/// <summary>The turn of a thread that serves, where there can be no timer or no further thread.</summary>
public sealed class ServingTurnTests
{
    private const uint User = 54321;

    [Fact]
    public void Memory_that_may_be_slow_is_read_without_a_timer_where_there_can_be_none()
    {
        var buses = new NoBuses();
        var files = new DeviceFiles(Options(new NoTimers()), buses, session: null!);
        using var turn = new ServingTurn(files, new NoTimers());
        files.Serving.Enter();
        for (int i = 0; i < 10; i++)
        {
            Assert.True(turn.TryStepOut(User));
            Assert.False(files.Serving.IsHeldByCurrentThread);
            turn.StepIn();
            Assert.True(files.Serving.IsHeldByCurrentThread);
        }

        Assert.False(turn.IsReplaced);
        Assert.True(files.MayWaitFor(User));
        files.Serving.Exit();
        Assert.Empty(buses.Faults);
    }

    [Fact]
    public void A_fault_in_letting_another_thread_serve_ends_that_attempt_alone()
    {
        var buses = new NoBuses();
        var timers = new TimersByHand();
        var files = new DeviceFiles(Options(timers), buses, session: null!);
        using var turn = new ServingTurn(files, timers);
        files.Serving.Enter();
        for (int i = 0; i < 10; i++)
        {
            // Nothing is left of an attempt: a user may keep only a few threads waiting.
            Assert.True(turn.TryStepOut(User));
            timers.Fire();
            turn.StepIn();
            Assert.False(turn.IsReplaced);
        }

        files.Serving.Exit();
        Assert.Equal(Enumerable.Repeat("a thread that a test makes fail", 10), buses.Faults.Select(f => f.Message));
    }

    private static DeviceOptions Options(TimeProvider time) => new() { Directory = "/", Owner = 0, Group = 0, Time = time };

    /// <summary>Buses of which there is none, and whose threads cannot even be asked for.</summary>
    private sealed class NoBuses : DeviceBuses
    {
        public List<Exception> Faults { get; } = [];

        public override int Count => 0;

        public override DeviceBus? Find(uint number) => null;

        public override Errno TryOpen(in KsockOwner owner, out IDisposable? share)
        {
            share = null;
            return Errno.EDQUOT;
        }

        public override Errno NewDevice(IDisposable share, out uint number)
        {
            number = 0;
            return Errno.EINVAL;
        }

        public override void MemoryRefused(int processId, uint userId, string why)
        {
        }

        public override bool TryStartThread(string name, ThreadStart run) => throw new InvalidOperationException("a thread that a test makes fail");

        public override void RequestFailed(Exception fault) => Faults.Add(fault);
    }

    /// <summary>As in a process that can have no thread for its first timer.</summary>
    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => throw new OutOfMemoryException();
    }

    private sealed class TimersByHand : TimeProvider, ITimer
    {
        private TimerCallback? _callback;
        private object? _state;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return this;
        }

        public void Fire() => _callback!(_state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}

using System.Collections.Concurrent;

namespace Kbus.Tests;

/// <summary>One thread that does one thing after the other, as the thread of a user interface does.</summary>
internal sealed class OneThreadContext : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _turns = [];

    /// <summary>How many turns there have been.</summary>
    public int Turns { get; private set; }

    /// <summary>Runs something and all that it leads to on one thread, until its task ends.</summary>
    public static Task Run(Func<OneThreadContext, Task> main)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                new OneThreadContext().RunTurns(main);
                ended.SetResult();
            }
            catch (Exception fault)
            {
                ended.SetException(fault);
            }
        })
        { IsBackground = true };
        thread.Start();
        return ended.Task;
    }

    public override void Post(SendOrPostCallback d, object? state) => _turns.Add((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    private void RunTurns(Func<OneThreadContext, Task> main)
    {
        SetSynchronizationContext(this);
        Task all = main(this);
        _ = all.ContinueWith(_ => _turns.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach ((SendOrPostCallback callback, object? state) in _turns.GetConsumingEnumerable())
        {
            Turns++;
            callback(state);
        }

        all.GetAwaiter().GetResult();
    }
}

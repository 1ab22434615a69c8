using System.Diagnostics.CodeAnalysis;
using Kbus.Linux;

namespace Kbus;

/// <summary>Runs what may block for long on a thread of its own, so that it takes none of the pool's few threads from others.</summary>
internal static class OwnThread
{
    /// <summary>Runs it.</summary>
    /// <param name="name">The name of the thread.</param>
    /// <param name="function">What is to be run.</param>
    /// <param name="task">Ends as the function does, with its result.</param>
    /// <returns>False if this process can have no further thread. Then nothing was run.</returns>
    public static bool TryRun<T>(string name, Func<T> function, [NotNullWhen(true)] out Task<T>? task)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        task = completion.Task;
        return Threads.TryStart(name, () => Run(function, completion));
    }

    /// <summary>Runs it. The task ends as the function does; with ENOMEM if this process can have no further thread.</summary>
    /// <param name="name">The name of the thread.</param>
    /// <param name="function">What is to be run.</param>
    /// <param name="need">What needs the thread, as the end of a sentence.</param>
    /// <param name="operation">The operation that fails without it, as errors.json names it.</param>
    public static Task<T> Run<T>(string name, Func<T> function, string need, string operation) => TryRun(name, function, out Task<T>? task)
        ? task
        : Task.FromException<T>(Refusals.Of(Errno.ENOMEM, "thread", $"The process can have no further thread, which {need}.", self: null, operation));

    private static void Run<T>(Func<T> function, TaskCompletionSource<T> completion)
    {
        try
        {
            completion.SetResult(function());
        }
        catch (Exception e)
        {
            completion.SetException(e);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Kbus.Link;

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

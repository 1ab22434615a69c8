namespace Kbus.TestKit;

/// <summary>What the kernel says of the threads of a process (<c>/proc/PID/task/*/status</c>).</summary>
public static class ThreadStatus
{
    /// <summary>All values that these fields have in the threads of a process, each once, in order.</summary>
    public static string[] Values(int process, params string[] fields) =>
    [
        .. Directory.GetDirectories($"/proc/{process}/task").SelectMany(t => Lines(Path.Join(t, "status")))
            .Select(l => l.Split(':', 2)).Where(l => fields.Contains(l[0])).Select(l => l[1].Trim()).Distinct().Order()
    ];

    /// <summary>The lines for one thread; none if it has just ended.</summary>
    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

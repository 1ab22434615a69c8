namespace Kbus.Daemon;

/// <summary>What a process calls itself, for people who look at a list of them.</summary>
internal static class ProcessNames
{
    /// <summary>The program's name as the kernel knows it; empty when the process has gone.</summary>
    public static string Of(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}

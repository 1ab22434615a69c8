namespace Kbus.Daemon;

/// <summary>What processes call themselves, for people who look at a list of them. Each is asked for once a report, not once a Ksock.</summary>
internal sealed class ProcessNames
{
    private const int Most = 256;
    private readonly Dictionary<int, string> _known = [];

    /// <summary>The program's name as the kernel knows it; empty when the process has gone.</summary>
    public string Of(int processId)
    {
        if (!_known.TryGetValue(processId, out string? name))
        {
            if (_known.Count == Most)
            {
                _known.Clear();
            }

            name = Ask(processId);
            _known.Add(processId, name);
        }

        return name;
    }

    /// <summary>Forgets them: processes end, and others get their numbers.</summary>
    public void Clear() => _known.Clear();

    private static string Ask(int processId)
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

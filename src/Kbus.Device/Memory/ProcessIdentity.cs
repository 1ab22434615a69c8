using System.Globalization;

namespace Kbus.Device;

/// <summary>The users and groups that a process works for, as the kernel tells them.</summary>
internal static class ProcessIdentity
{
    /// <summary>True if the real, effective, saved and file-system user and group of the calling thread all are the request's.</summary>
    public static bool IsWhollyOf(in FuseCaller caller)
    {
        try
        {
            string[] lines = File.ReadAllLines($"/proc/{caller.ThreadId}/status");
            return AreAll(lines, "Uid:", caller.UserId) && AreAll(lines, "Gid:", caller.GroupId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The groups of the calling thread, of which the kernel names only one with a request.</summary>
    /// <param name="caller">Who makes the request that is being served: it waits, and its groups stay.</param>
    /// <returns>Null if they cannot be found out.</returns>
    public static IReadOnlyList<uint>? GroupsOf(in FuseCaller caller)
    {
        // A caller of another pid namespace has no number here.
        if (caller.ThreadId == 0)
        {
            return null;
        }

        try
        {
            string[] lines = File.ReadAllLines($"/proc/{caller.ThreadId}/status");
            string? line = Array.Find(lines, l => l.StartsWith("Groups:", StringComparison.Ordinal));
            return line?["Groups:".Length..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
                .Select(g => uint.Parse(g, CultureInfo.InvariantCulture)).Append(caller.GroupId).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool AreAll(string[] lines, string field, uint wanted)
    {
        const int numbers = 4;
        string text = wanted.ToString(CultureInfo.InvariantCulture);
        string? line = Array.Find(lines, l => l.StartsWith(field, StringComparison.Ordinal));
        string[] values = line?[field.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return values.Length == numbers && Array.TrueForAll(values, v => v == text);
    }
}

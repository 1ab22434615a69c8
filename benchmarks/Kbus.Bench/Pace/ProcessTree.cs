using System.Globalization;

namespace Kbus.Bench.Pace;

/// <summary>Processes and those that they have started.</summary>
internal static class ProcessTree
{
    /// <summary>A process, and all that descend from it.</summary>
    public static IEnumerable<int> WithDescendants(int process) => [process, .. ChildrenOf(process).SelectMany(WithDescendants)];

    private static int[] ChildrenOf(int process)
    {
        try
        {
            string tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task");
            return [.. Directory.GetDirectories(tasks).SelectMany(t => File.ReadAllText(Path.Combine(t, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(c => int.Parse(c, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            // It has just ended.
            return [];
        }
    }
}

using System.Globalization;

namespace Kbus.Cli;

/// <summary>What users are called on this machine.</summary>
internal static class UserNames
{
    private static readonly Lazy<IReadOnlyDictionary<long, string>> Known = new(Read);

    /// <summary>The name of a user, or the number if the machine's list of users does not have it.</summary>
    public static string Of(long userId) => Known.Value.TryGetValue(userId, out string? name) ? name : userId.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<long, string> Read()
    {
        var names = new Dictionary<long, string>();
        try
        {
            foreach (string line in File.ReadLines("/etc/passwd"))
            {
                if (line.Split(':') is [string name, _, string number, ..] && long.TryParse(number, CultureInfo.InvariantCulture, out long id))
                {
                    names.TryAdd(id, name);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then numbers have to do.
        }

        return names;
    }
}

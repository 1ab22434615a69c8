using System.Globalization;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>What a service supervisor passes to the daemon and wants to hear from it: sockets (LISTEN_FDS) and READY=1 (NOTIFY_SOCKET).</summary>
internal static class ServiceActivation
{
    private const int FirstPassed = 3;
    private static readonly Lazy<Dictionary<string, int>> Passed = new(Find);
    private static readonly HashSet<string> Taken = [];

    /// <summary>How many sockets were passed to this very process (LISTEN_FDS, LISTEN_PID).</summary>
    private static int PassedCount
    {
        get
        {
            string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
            string? process = Environment.GetEnvironmentVariable("LISTEN_PID");
            bool isForUs = process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            return isForUs && int.TryParse(count, CultureInfo.InvariantCulture, out int passed) ? passed : 0;
        }
    }

    /// <summary>Whether a supervisor started this process, and listens to it or has passed it sockets.</summary>
    public static bool IsSupervised => PassedCount > 0 || Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 };

    /// <summary>Whether the socket of that name was passed.</summary>
    /// <exception cref="KbusdException">A socket was passed that is none of ours; the message says which.</exception>
    public static bool IsPassed(string name) => Passed.Value.ContainsKey(name);

    /// <summary>Takes the passed socket of that name; null if none was passed.</summary>
    public static Descriptor? Take(string name)
    {
        if (!Passed.Value.TryGetValue(name, out int number) || !Taken.Add(name))
        {
            return null;
        }

        _ = LibC.SetBlocking(number, blocking: false);
        return new Descriptor(number);
    }

    /// <summary>Tells the supervisor something, such as <c>READY=1</c>; nothing happens if there is none.</summary>
    public static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path)
        {
            _ = LibC.SendDatagram(path, System.Text.Encoding.UTF8.GetBytes(state));
        }
    }

    /// <summary>Which socket is which: by the name that its unit gives it (LISTEN_FDNAMES), else by the path at which it listens.</summary>
    private static Dictionary<string, int> Find()
    {
        Dictionary<string, int> found = [];
        string[] names = (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? string.Empty).Split(':');
        for (int i = 0; i < PassedCount; i++)
        {
            int number = FirstPassed + i;
            string? path = LibC.SocketPath(number);
            string? given = i < names.Length ? names[i] : null;
            string what = $"The supervisor passed socket {i + 1} ({(given is { Length: > 0 } ? $"'{given}', " : string.Empty)}{path ?? "without a path"})";
            if (!LibC.IsListeningUnixSocket(number))
            {
                throw new KbusdException($"{what}, which is not a Unix stream socket that listens. Its unit needs ListenStream= and Accept=no.");
            }

            string name = Known(given) ?? Known(Path.GetFileName(path)) ?? throw new KbusdException(
                $"{what}, which is neither a bus nor the control socket. Give its unit FileDescriptorName=bus0, or the like, or have it listen at a path that ends so.");
            if (!found.TryAdd(name, number))
            {
                throw new KbusdException($"{what}, and another one for {name} before. One is enough.");
            }
        }

        return found;
    }

    /// <summary>The socket that a name stands for; null if it is none of ours.</summary>
    private static string? Known(string? name)
    {
        const string suffix = ".socket";
        const string prefix = "kbusd-";
        string bare = name ?? string.Empty;
        bare = bare.EndsWith(suffix, StringComparison.Ordinal) ? bare[..^suffix.Length] : bare;
        bare = bare.StartsWith(prefix, StringComparison.Ordinal) ? bare[prefix.Length..] : bare;
        return SocketDirectory.SocketNames.Contains(bare) ? bare : null;
    }
}

using System.Globalization;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What a service supervisor passes to the daemon and wants to hear from it: sockets (LISTEN_FDS) and READY=1 (NOTIFY_SOCKET).</summary>
internal static class ServiceActivation
{
    private const int FirstPassed = 3;

    /// <summary>How many sockets were passed to this very process (LISTEN_FDS, LISTEN_PID).</summary>
    public static int PassedCount
    {
        get
        {
            string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
            string? process = Environment.GetEnvironmentVariable("LISTEN_PID");
            bool isForUs = process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            return isForUs && int.TryParse(count, CultureInfo.InvariantCulture, out int passed) ? passed : 0;
        }
    }

    /// <summary>Takes the passed socket of that name (LISTEN_FDNAMES); null if none was passed.</summary>
    public static Descriptor? Take(string name)
    {
        int passed = PassedCount;
        if (passed <= 0)
        {
            return null;
        }

        string[] names = (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? string.Empty).Split(':');
        int index = Array.FindIndex(names, n => n == name || n == name + ".socket" || n == $"kbusd-{name}.socket");
        if (index < 0 || index >= passed)
        {
            return null;
        }

        _ = LibC.SetBlocking(FirstPassed + index, blocking: false);
        return new Descriptor(FirstPassed + index);
    }

    /// <summary>Tells the supervisor something, such as <c>READY=1</c>; nothing happens if there is none.</summary>
    public static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path)
        {
            _ = LibC.SendDatagram(path, System.Text.Encoding.UTF8.GetBytes(state));
        }
    }
}

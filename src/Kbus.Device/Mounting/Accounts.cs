using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>The numbers of users and groups, by name or number. Called while the daemon starts, on one thread.</summary>
internal static unsafe partial class Accounts
{
    // In struct passwd: two pointers, user, group. In struct group: two pointers, group.
    private const int NumberOffset = 16;

    /// <summary>The user who owns device files that nobody was named for.</summary>
    public static uint OwnUser => LinuxCalls.UserId();

    /// <summary>The group of device files that none was named for.</summary>
    public static uint OwnGroup => LinuxCalls.GroupId();

    /// <summary>Finds a user.</summary>
    /// <exception cref="DeviceException">There is none of that name.</exception>
    public static uint User(string name) => Find(name, FindUser, "user");

    /// <summary>Finds a group.</summary>
    /// <exception cref="DeviceException">There is none of that name.</exception>
    public static uint Group(string name) => Find(name, FindGroup, "group");

    private static uint Find(string name, Func<string, nint> look, string kind)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        nint found = look(name);
        return found != 0 ? *(uint*)(found + NumberOffset) : throw new DeviceException($"There is no {kind} '{name}'.");
    }

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindUser(string name);

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindGroup(string name);
}

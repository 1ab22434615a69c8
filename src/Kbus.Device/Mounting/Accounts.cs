using System.Globalization;
using Kbus.Linux;

namespace Kbus.Device;

/// <summary>The numbers of users and groups, by name or number. Called while the daemon starts, on one thread.</summary>
internal static class Accounts
{
    /// <summary>The user who owns device files that nobody was named for.</summary>
    public static uint OwnUser => LibC.UserId();

    /// <summary>The group of device files that none was named for.</summary>
    public static uint OwnGroup => LibC.GroupId();

    /// <summary>Finds a user.</summary>
    /// <exception cref="DeviceException">There is none of that name.</exception>
    public static uint User(string name) =>
        IsNumber(name, out uint number) ? number
        : AccountDatabase.FindUser(name, out AccountEntry user) >= 0 ? user.Number
        : throw new DeviceException($"There is no user '{name}'.");

    /// <summary>Finds a group.</summary>
    /// <exception cref="DeviceException">There is none of that name.</exception>
    public static uint Group(string name) =>
        IsNumber(name, out uint number) ? number
        : AccountDatabase.FindGroup(name, out AccountEntry group) >= 0 ? group.Number
        : throw new DeviceException($"There is no group '{name}'.");

    private static bool IsNumber(string name, out uint number) => uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

using System.Globalization;
using Kbus.Linux;

namespace Kbus.Policy;

/// <summary>Users and groups by name, as the machine's databases have them. A question can take long, so no bus's thread asks.</summary>
internal class AccountNames
{
    /// <summary>The number of a user; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? User(string name) => Found("user", name, AccountDatabase.FindUser(name, out AccountEntry user)) ? user.Number : null;

    /// <summary>The number of a group; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? Group(string name) => Found("group", name, AccountDatabase.FindGroup(name, out AccountEntry group)) ? group.Number : null;

    /// <summary>A user, by name or number; null if there is none.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public static Account? AccountOf(string nameOrNumber)
    {
        int result = uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? AccountDatabase.FindUser(number, out AccountEntry user)
            : AccountDatabase.FindUser(nameOrNumber, out user);
        return Found("user", nameOrNumber, result) ? new Account(user.Name, user.Number, user.Group) : null;
    }

    /// <summary>The groups that a user's new processes have: the user's own and those whose member the user is.</summary>
    /// <returns>None if there is no user of that name.</returns>
    public virtual IReadOnlyList<uint> GroupsOf(string userName)
    {
        if (!Found("user", userName, AccountDatabase.FindUser(userName, out AccountEntry user)))
        {
            return [];
        }

        return AccountDatabase.GroupsOf(userName, user.Group, out uint[] groups) >= 0
            ? groups
            : throw new PolicyException($"The groups of the user '{userName}' cannot be found out.");
    }

    private static bool Found(string kind, string name, int result) => result switch
    {
        >= 0 => true,
        LibC.NotFound => false,
        _ => throw new PolicyException($"The {kind} '{name}' cannot be looked up: error {-result}."),
    };
}

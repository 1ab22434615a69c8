namespace Kbus.Policy;

/// <summary>A user of the machine, as its databases have it.</summary>
/// <param name="Name">The name.</param>
/// <param name="User">The user's number.</param>
/// <param name="Group">The number of the group that the user's processes have first.</param>
internal readonly record struct Account(string Name, uint User, uint Group);

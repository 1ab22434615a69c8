namespace Kbus.Linux;

/// <summary>A user or a group of this machine.</summary>
/// <param name="Name">The name.</param>
/// <param name="Number">The number of the user or group.</param>
/// <param name="Group">A user's own group; zero for a group.</param>
internal readonly record struct AccountEntry(string Name, uint Number, uint Group);

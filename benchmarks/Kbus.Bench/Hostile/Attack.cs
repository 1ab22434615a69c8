namespace Kbus.Bench.Hostile;

/// <summary>Something that a member can do to a bus.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">What the member does, in a few words.</param>
/// <param name="Size">How much of it, where it is an amount; 0 where it is not.</param>
/// <param name="Do">Does it, in a process of its own, until it is done or the time is up.</param>
internal sealed record Attack(string Name, string Title, long Size, Action<Attacker> Do)
{
    /// <summary>Whether the process is killed and started again as long as the attack lasts. Every attacker is killed in the end.</summary>
    public bool IsRepeated { get; init; }
}

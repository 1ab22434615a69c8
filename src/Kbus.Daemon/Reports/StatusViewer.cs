using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Who asks for the status, and what the policy lets him see of it.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Identity">Who asks.</param>
internal sealed record StatusViewer(PolicyRules Policy, Identity Identity)
{
    /// <summary>True if he may see a bus.</summary>
    public bool MaySee(uint bus) => DaemonPolicy.MaySeeStatus(Policy, Identity, bus);

    /// <summary>Which of the buses he may not see.</summary>
    /// <param name="count">How many buses there are.</param>
    public List<uint> Withheld(uint count) => [.. Enumerable.Range(0, (int)count).Select(b => (uint)b).Where(b => !MaySee(b))];

    /// <summary>Why he sees nothing at all, as a sentence.</summary>
    public string WhyNothing => DaemonPolicy.WhyNoStatus(Policy, Identity);
}

namespace Kbus.Cli;

/// <summary>One binding of a Ksock.</summary>
/// <param name="Name">The name as it was bound.</param>
/// <param name="IsReplier">Whether it is bound as replier.</param>
internal sealed record BindingStatus(string Name, bool IsReplier)
{
    /// <summary>For people: the name, and the role if it is the rarer one.</summary>
    public override string ToString() => IsReplier ? $"{Name} (replier)" : Name;
}

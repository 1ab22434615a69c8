namespace Kbus.Cli;

/// <summary>One option of the command. The same name means the same thing with every verb that has it.</summary>
/// <param name="Name">The long name, without dashes.</param>
/// <param name="Letter">The short name, or none.</param>
/// <param name="Value">The name of its value in the help; empty if it has none.</param>
/// <param name="Text">Its description for the help; empty keeps it out of the help and of completion.</param>
/// <param name="Completes">What its value can be completed with.</param>
internal sealed record Option(string Name, char? Letter, string Value, string Text, Candidates Completes = Candidates.None)
{
    /// <summary>Its other name, where the original had one, with one dash: <c>-kbus</c>, <c>-s</c>.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>Whether a value follows.</summary>
    public bool TakesValue => Value.Length > 0;

    /// <summary>Whether it is for the command's own use.</summary>
    public bool IsHidden => Text.Length == 0;

    /// <summary>As it is written: <c>--json</c>.</summary>
    public override string ToString() => "--" + Name;
}

namespace Kbus.Cli;

/// <summary>One line of a sequence diagram: a message with its arrows, or without arrows a note about one lifeline.</summary>
/// <param name="Time">Since the first row; null if nobody knows.</param>
/// <param name="From">The place of the lifeline that it begins at.</param>
/// <param name="Arrows">Where it goes to, by place, and how.</param>
/// <param name="Text">What stands there. It may have any characters.</param>
/// <param name="IsBad">Whether something went wrong.</param>
internal sealed record DiagramRow(TimeSpan? Time, int From, IReadOnlyList<(int To, ArrowKind Kind)> Arrows, string Text, bool IsBad);

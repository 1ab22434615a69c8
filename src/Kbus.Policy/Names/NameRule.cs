namespace Kbus.Policy;

/// <summary>What one rule says of one pattern of names.</summary>
/// <param name="Pattern">The names.</param>
/// <param name="Verdict">The rule's verdict on them.</param>
internal readonly record struct NameRule(NamePattern Pattern, Verdict Verdict);

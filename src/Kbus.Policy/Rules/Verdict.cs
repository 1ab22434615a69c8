namespace Kbus.Policy;

/// <summary>What a policy says to one question, and which rule said so.</summary>
/// <param name="IsAllowed">True if it may be done.</param>
/// <param name="Line">The line of the rule that decided, from 1; 0 if no rule did, and then it is denied.</param>
internal readonly record struct Verdict(bool IsAllowed, uint Line);

namespace Kbus;

/// <summary>One recipient of a watched message.</summary>
/// <param name="Ksock">Its id.</param>
/// <param name="Fate">What became of its copy.</param>
public readonly record struct MessageRecipient(uint Ksock, RecipientFate Fate);

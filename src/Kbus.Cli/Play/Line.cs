namespace Kbus.Cli;

/// <summary>One line of the play.</summary>
/// <param name="Role">Who does it.</param>
/// <param name="Told">What is done, for the transcript.</param>
/// <param name="Deed">What is done, for the actor.</param>
/// <param name="Expected">What comes of it in the paper; empty where the paper shows nothing.</param>
internal sealed record Line(Role Role, string Told, Deed Deed, string Expected);

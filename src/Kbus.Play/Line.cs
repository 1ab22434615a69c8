namespace Kbus.Play;

/// <summary>One line of the play.</summary>
/// <param name="Role">The actor.</param>
/// <param name="Told">The words for the transcript.</param>
/// <param name="Deed">The command for the actor.</param>
/// <param name="Expected">What comes of it in the paper; empty where the paper shows nothing.</param>
internal sealed record Line(Role Role, string Told, Deed Deed, string Expected);

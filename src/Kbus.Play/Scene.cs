namespace Kbus.Play;

/// <summary>A section of the paper's chapter.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record Scene(string Title, IReadOnlyList<Line> Lines);

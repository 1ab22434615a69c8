namespace Kbus.Bench;

/// <summary>How one cost grows: what is varied, what is measured, and the points.</summary>
/// <param name="Title">What grows.</param>
/// <param name="Across">What is varied.</param>
/// <param name="Up">What is measured, with its unit.</param>
/// <param name="Points">What was seen: the middle of some repetitions.</param>
internal sealed record ScaleSeries(string Title, string Across, string Up, IReadOnlyList<(int X, double Y)> Points);

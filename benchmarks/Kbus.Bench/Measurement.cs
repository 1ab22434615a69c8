namespace Kbus.Bench;

/// <summary>Something that can be measured again and again; less is better.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Description">What is measured, in a few words.</param>
/// <param name="Unit">The unit of a result, as <c>us</c>.</param>
/// <param name="Run">Makes the measurement once, warm-up included, and gives the result.</param>
internal sealed record Measurement(string Name, string Description, string Unit, Func<double> Run);

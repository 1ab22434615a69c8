namespace Kbus.Simulation;

/// <summary>Something was seen that was promised not to be.</summary>
/// <param name="promise">Which promise: P1 to P8, or "books".</param>
/// <param name="what">What was seen.</param>
internal sealed class BrokenPromiseException(string promise, string what) : Exception($"{promise}: {what}")
{
    /// <summary>Which promise.</summary>
    public string Promise => promise;
}

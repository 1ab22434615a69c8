namespace Kbus.Link.Tests;

/// <summary>Randomness that can be repeated: the seed is part of every failure, and KBUS_TEST_SEED sets it.</summary>
internal static class Seeded
{
    /// <summary>Runs it with a fresh seed.</summary>
    public static async Task Run(Func<int, Task> body)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        try
        {
            await body(seed);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Failed with KBUS_TEST_SEED={seed}: {failure.Message}", failure);
        }
    }
}

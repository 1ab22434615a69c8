namespace Kbus.Core.Tests;

/// <summary>Thousands of random runs in which the bus must do what the plainest reading of the specification does.</summary>
/// <remarks>A failure names its seed; <c>KBUS_TEST_SEED</c> plays that one alone, <c>KBUS_TEST_RUNS</c> plays more.</remarks>
public sealed class BusAgainstModelTests
{
    private const int Operations = 200;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public Task The_bus_does_what_the_model_does(bool takesByItself, bool isRestored) => Task.Run(() =>
    {
        int[] seeds = Environment.GetEnvironmentVariable("KBUS_TEST_SEED") is { } seed
            ? [int.Parse(seed, null)]
            : [.. Enumerable.Range(Environment.TickCount & 0xFFFFFF, int.Parse(Environment.GetEnvironmentVariable("KBUS_TEST_RUNS") ?? "1000", null))];
        foreach (int each in seeds)
        {
            try
            {
                new PairedRun(each, takesByItself, isRestored).Play(Operations);
            }
            catch (InvalidOperationException difference)
            {
                Assert.Fail($"KBUS_TEST_SEED={each} {difference.Message}");
            }
        }
    }).WaitAsync(TimeSpan.FromMinutes(5));
}

namespace Kbus.Faults;

/// <summary>Runs a test under an outer limit, with a seed that a failure names and KBUS_TEST_SEED sets.</summary>
internal static class Limited
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(300);

    /// <summary>How long tests go on doing violence: KBUS_FAULTS_SECONDS, default 10 seconds.</summary>
    public static TimeSpan Span { get; } = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("KBUS_FAULTS_SECONDS"), out int seconds) ? seconds : 10);

    /// <summary>Runs it on a thread of its own.</summary>
    public static async Task Run(Action<Random> test)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"KBUS_TEST_SEED={seed}");
        try
        {
            await InBackground(() => test(new Random(seed))).WaitAsync(Span + Grace, CancellationToken.None);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Failed with KBUS_TEST_SEED={seed}: {failure.Message}", failure);
        }
    }

    /// <summary>Runs something beside the test, on a thread of its own.</summary>
    public static Task InBackground(Action body) => TestKit.Limited.Start(body);
}

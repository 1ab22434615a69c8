namespace Kbus.Limpets.Tests;

/// <summary>Random trees of buses with random fish in them: what is promised on one bus holds from bus to bus.</summary>
public sealed class TreeTests
{
    [Theory]
    [InlineData("chain", 3)]
    [InlineData("chain", 4)]
    [InlineData("chain", 5)]
    [InlineData("star", 4)]
    [InlineData("star", 6)]
    [InlineData("tree", 5)]
    [InlineData("tree", 7)]
    public void Whatever_fish_do_every_request_has_one_answer_and_nothing_is_heard_twice_or_out_of_order(string shape, int buses)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        try
        {
            using var pond = new Pond(shape, buses, new Random(seed));
            pond.Play(1500);
            pond.Finish();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Failed with KBUS_TEST_SEED={seed}: {failure.Message}", failure);
        }
    }
}

using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class SparingTellTests
{
    [Fact]
    public void Of_a_flood_of_sentences_the_first_are_told_and_then_one_each_second_with_how_many_were_left_out()
    {
        using var clock = new HandClock();
        List<string> told = [];
        var sparing = new SparingTell((_, sentence) => told.Add(sentence), clock);
        for (int i = 0; i < 1000; i++)
        {
            sparing.Tell(LimpetLogLevel.Warning, $"{i}.");
        }

        Assert.Equal(50, told.Count);
        clock.Advance(TimeSpan.FromSeconds(1));
        sparing.Tell(LimpetLogLevel.Warning, "More.");
        sparing.Tell(LimpetLogLevel.Warning, "And more.");
        Assert.Equal("More. (950 lines like this were left out.)", told[^1]);
        clock.Advance(TimeSpan.FromHours(1));
        for (int i = 0; i < 50; i++)
        {
            sparing.Tell(LimpetLogLevel.Warning, "Again.");
        }

        Assert.Equal(("Again. (1 lines like this were left out.)", "Again."), (told[^50], told[^1]));
    }
}

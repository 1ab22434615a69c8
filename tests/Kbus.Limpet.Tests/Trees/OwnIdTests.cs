namespace Kbus.Limpets.Tests;

/// <summary>Programs that choose the ids of their messages themselves.</summary>
public sealed class OwnIdTests
{
    [Fact]
    public void Two_programs_of_one_bus_that_use_one_id_by_turns_are_both_heard_on_every_bus()
    {
        using var bowls = new Bowls(3);
        bowls.Join(0, 1, 1, 2);
        bowls.Join(1, 3, 2, 4);
        Ksock[] listeners = [bowls.Bound(1, "$.Say"), bowls.Bound(2, "$.Say")];
        Ksock[] programs = [bowls.Open(0), bowls.Open(0)];
        for (int i = 0; i < 12; i++)
        {
            programs[i % 2].Send(new Announcement("$.Say", $"{i}").WithId(new MessageId(77, 5)));
            Assert.All(listeners, l => Assert.Equal($"{i}", Bowls.Next(l).DataAsText));
        }
    }
}

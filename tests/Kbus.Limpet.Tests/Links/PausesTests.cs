namespace Kbus.Limpets.Tests;

public sealed class PausesTests
{
    [Fact]
    public void They_grow_to_ten_seconds_are_never_quite_the_same_and_begin_anew()
    {
        var pauses = new Pauses();
        TimeSpan[] taken = [.. Enumerable.Range(0, 40).Select(_ => pauses.Next())];
        Assert.InRange(taken[0].TotalMilliseconds, 37.5, 62.5);
        Assert.True(taken[5] > taken[0]);
        Assert.All(taken, p => Assert.InRange(p.TotalSeconds, 0.0375, 12.5));
        Assert.All(taken[10..], p => Assert.InRange(p.TotalSeconds, 7.5, 12.5));
        Assert.True(taken[10..].Distinct().Count() > 1);
        pauses.Reset();
        Assert.InRange(pauses.Next().TotalMilliseconds, 37.5, 62.5);
    }
}

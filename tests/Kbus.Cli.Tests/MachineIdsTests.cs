namespace Kbus.Cli.Tests;

/// <summary>Network ids that are derived from the machine's identity.</summary>
public sealed class MachineIdsTests
{
    [Fact]
    public void They_differ_by_machine_bus_and_place_and_stay_the_same()
    {
        uint[] ids =
        [
            .. from machine in Enumerable.Range(0, 20)
               from bus in new uint[] { 0, 1 }
               from place in new[] { "server a:1", "client b:1" }
               select MachineIds.Of($"{machine:x32}", bus, place),
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.True(id >= 65_536));
        Assert.Equal(MachineIds.Of(new string('a', 32), 0, "server a:1"), MachineIds.Of(new string('a', 32), 0, "server a:1"));
    }
}

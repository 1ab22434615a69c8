using System.Net;

namespace Kbus.Limpets.Tests;

/// <summary>What one writes for where a Limpet listens or connects to.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("robot.local:4321", "robot.local", 4321, null)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0, null)]
    [InlineData("[::1]:4321", "::1", 4321, null)]
    [InlineData("/run/limpet", null, 0, "/run/limpet")]
    [InlineData("./a:1", null, 0, "./a:1")]
    [InlineData("limpet", null, 0, "limpet")]
    public void A_colon_makes_it_a_host_and_port_unless_there_is_a_slash(string text, string? host, int port, string? path)
    {
        LimpetAddress address = LimpetAddress.Parse(text);
        Assert.Equal(new LimpetAddress(host, port, path), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("robot:")]
    [InlineData(":4321")]
    [InlineData("robot:65536")]
    [InlineData("robot:-1")]
    [InlineData("::1:4321")]
    public void What_is_neither_is_refused(string text) => Assert.Throws<ArgumentException>(() => LimpetAddress.Parse(text));

    [Fact]
    public void Names_and_paths_that_are_too_long_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LimpetAddress.Parse("/" + new string('a', 107)));
        Assert.Throws<ArgumentException>(() => LimpetAddress.Parse(new string('a', 256) + ":1"));
    }

    [Theory]
    [InlineData("0.0.0.0:4321")]
    [InlineData("[::]:4321")]
    public async Task The_address_that_stands_for_all_of_a_machine_s_own_needs_no_name_service(string text)
    {
        EndPoint place = Assert.Single(await LimpetAddress.Parse(text).ResolveAsync(TestContext.Current.CancellationToken));
        Assert.Equal(IPEndPoint.Parse(text), place);
    }
}

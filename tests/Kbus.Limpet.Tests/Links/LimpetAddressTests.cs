using System.Net;

namespace Kbus.Limpets.Tests;

public sealed class LimpetAddressTests
{
    [Theory]
    [InlineData("robot.local:4321", "robot.local", 4321, null)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0, null)]
    [InlineData("[::1]:65535", "::1", 65535, null)]
    [InlineData("/run/limpet", null, 0, "/run/limpet")]
    [InlineData("fred", null, 0, "fred")]
    [InlineData("./a:1", null, 0, "./a:1")]
    public void An_address_is_read_and_written(string text, string? host, int port, string? path)
    {
        var address = LimpetAddress.Parse(text);
        Assert.Equal(new LimpetAddress(host, port, path), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":1")]
    [InlineData("host:")]
    [InlineData("host:x")]
    [InlineData("host:-1")]
    [InlineData("host: 1")]
    [InlineData("host:65536")]
    [InlineData("::1:4321")]
    public void What_is_no_address_is_refused(string text) => Assert.ThrowsAny<ArgumentException>(() => LimpetAddress.Parse(text));

    [Fact]
    public void A_path_is_as_long_as_the_kernel_lets_it_be_in_bytes()
    {
        Assert.Equal(107, LimpetAddress.Parse(new string('a', 107)).Path!.Length);
        Assert.Throws<ArgumentException>(() => LimpetAddress.Parse(new string('a', 108)));
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => LimpetAddress.Parse(new string('ä', 54)));
        Assert.Contains("108 bytes", refusal.Message, StringComparison.Ordinal);
    }

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

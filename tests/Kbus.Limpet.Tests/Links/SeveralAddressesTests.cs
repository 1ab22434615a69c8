using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

/// <summary>A name with two addresses: the second was never tried if the first did not answer, or was no Limpet.</summary>
public sealed class SeveralAddressesTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls = new(2);
    private readonly List<Socket> _open = [];

    public void Dispose()
    {
        _open.ForEach(s => s.Dispose());
        _bowls.Dispose();
    }

    [Theory]
    [InlineData("drops", false)]
    [InlineData("silent", false)]
    [InlineData("silent", true)]
    [InlineData("refuses", false)]
    [InlineData("noise", false)]
    [InlineData("noise", true)]
    [InlineData("closes", true)]
    public async Task The_second_address_is_tried_whatever_the_first_does(string first, bool isTls)
    {
        using var keys = new Keys();
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), isTls ? keys.One : null);
        EndPoint bad = Bad(first);
        LimpetAddress address = LimpetAddress.Parse("bowl.example:1") with { Places = [bad, new IPEndPoint(IPAddress.Loopback, served.Address.Port)] };
        LimpetOptions options = _bowls.Options(1, 2) with { GreetingLimit = TimeSpan.FromSeconds(8) };
        using var stop = new CancellationTokenSource();
        Task<LimpetEnding> running = new LimpetClient(address, options, isTls ? keys.Other : Served.Plain).RunAsync(cancellationToken: stop.Token);
        _bowls.AwaitTold("Connected to bowl.example:1");
        await stop.CancelAsync();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(_bowls.Told, t => t.Contains("Tried again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task If_none_is_a_Limpet_s_each_is_told_with_its_cause()
    {
        LimpetAddress address = LimpetAddress.Parse("bowl.example:1") with { Places = [Bad("refuses"), Bad("noise")] };
        LimpetException failure = await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(address, _bowls.Options(1, 2), Served.Plain).RunAsync(isOnce: true));
        Assert.Contains("Connection refused", failure.Message, StringComparison.Ordinal);
        Assert.Contains("it greeted with the bytes 53534820 in place of HELO", failure.Message, StringComparison.Ordinal);
    }

    private IPEndPoint Bad(string how)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _open.Add(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var place = (IPEndPoint)listener.LocalEndPoint!;
        switch (how)
        {
            case "refuses":
                break;
            case "drops":
                // A full queue of connections: the kernel answers no more.
                listener.Listen(0);
                for (int i = 0; i < 3; i++)
                {
                    var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                    _open.Add(one);
                    try
                    {
                        one.Connect(place);
                    }
                    catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                    {
                    }
                }

                break;
            default:
                listener.Listen();
                _ = Task.Run(async () =>
                {
                    Socket one = await listener.AcceptAsync();
                    _open.Add(one);
                    if (how == "noise")
                    {
                        await one.SendAsync("SSH -2.0-x\r\n"u8.ToArray());
                    }
                    else if (how == "closes")
                    {
                        one.Dispose();
                    }
                });
                break;
        }

        return place;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Kbus.Limpets.Tests;

public sealed class ListenersTests
{
    [Fact]
    public void All_addresses_of_a_name_are_listened_at_with_one_port()
    {
        List<string> told = [];
        IPAddress[] places = [IPAddress.Loopback, IPAddress.Parse("127.0.0.2"), IPAddress.IPv6Loopback];
        List<Socket> open = Listeners.Open([.. places.Select(p => new IPEndPoint(p, 0))], tries: 10, (_, sentence) => told.Add(sentence));
        try
        {
            // Where there is no address of IPv6 a person is told.
            Assert.Equal(places.Length, open.Count + told.Count);
            Assert.InRange(open.Count, 2, 3);
            Assert.Single(open.Select(s => ((IPEndPoint)s.LocalEndPoint!).Port).Distinct());
            foreach (Socket listener in open)
            {
                using Socket client = Sockets.For(listener.LocalEndPoint!);
                client.Connect(listener.LocalEndPoint!);
                using Socket taken = listener.Accept();
            }
        }
        finally
        {
            open.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public void If_somebody_listens_at_one_of_them_none_is_taken()
    {
        using Socket somebody = Assert.Single(Listeners.Open([new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0)], tries: 1, (_, _) => { }));
        int port = ((IPEndPoint)somebody.LocalEndPoint!).Port;
        EndPoint[] both = [new IPEndPoint(IPAddress.Loopback, port), somebody.LocalEndPoint!];
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => Listeners.Open(both, tries: 1, (_, _) => { })).SocketErrorCode);
        Assert.Single(Listeners.Open([both[0]], tries: 1, (_, _) => { })).Dispose();
    }

    [Fact]
    public void One_that_is_none_of_this_machine_s_is_told_if_there_are_others_and_else_refused()
    {
        List<string> told = [];
        var elsewhere = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0);
        Assert.Single(Listeners.Open([elsewhere, new IPEndPoint(IPAddress.Loopback, 0)], tries: 1, (_, sentence) => told.Add(sentence))).Dispose();
        Assert.StartsWith("Does not listen at 192.0.2.1:0: ", Assert.Single(told), StringComparison.Ordinal);
        Assert.Throws<SocketException>(() => Listeners.Open([elsewhere], tries: 1, (_, sentence) => told.Add(sentence)));
    }
}

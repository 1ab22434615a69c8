using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kbus.Faults;

/// <summary>What a daemon says of itself.</summary>
internal static class DaemonStatus
{
    /// <summary>Asks for the status.</summary>
    public static JsonElement Of(string directory)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(directory, "control")));
        socket.Send(Encoding.ASCII.GetBytes("status\n"));
        using var stream = new NetworkStream(socket);
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    /// <summary>The first bus of it.</summary>
    public static JsonElement Bus(string directory) => Of(directory).GetProperty("buses")[0];

    /// <summary>How many Ksocks are open on the first bus.</summary>
    public static int Ksocks(string directory) => Bus(directory).GetProperty("ksocks").GetArrayLength();

    /// <summary>How many descriptors the daemon has when it is idle, once everything has been used that stays.</summary>
    public static int IdleDescriptors(DaemonProcess daemon)
    {
        using (var echo = new EchoPair(daemon.Directory))
        {
            echo.Once();
            echo.Once(100_000);
        }

        int least = int.MaxValue;
        Until.True(() => Ksocks(daemon.Directory) == 0, () => "the first Ksocks stay open");
        for (int i = 0; i < 20; i++)
        {
            _ = Of(daemon.Directory);
            least = Math.Min(least, Signals.Descriptors(daemon.Id));
        }

        return least;
    }

    /// <summary>Waits until the bus has as few Ksocks, debts, bindings and descriptors as when it was idle.</summary>
    public static void UntilIdle(DaemonProcess daemon, int descriptors)
    {
        Until.True(() => Ksocks(daemon.Directory) == 0, () => $"Ksocks stay open: {Of(daemon.Directory)}");
        JsonElement bus = Bus(daemon.Directory);
        Assert.Equal(0, bus.GetProperty("answers_owed").GetInt32());
        Assert.Equal(0, bus.GetProperty("bindings").GetInt32());
        Until.True(
            () => Signals.Descriptors(daemon.Id) <= descriptors,
            () => $"{Signals.Descriptors(daemon.Id)} descriptors stay open, {descriptors} were at first: {Signals.DescriptorTargets(daemon.Id)}");
    }
}

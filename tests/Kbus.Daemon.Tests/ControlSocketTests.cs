using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>The control socket: whoever is silent, slow or many there denies the status to nobody.</summary>
public sealed class ControlSocketTests
{
    [Fact]
    public Task Two_hundred_thousand_bindings_are_told_of_to_the_last_one() => Limited.Run(() =>
    {
        const int count = 200_000;
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        var options = new DaemonOptions { RuntimeDirectory = directory, Bus = new BusOptions { MaxBindings = 10 * count, MaxRepeats = count } };
        JsonElement bus;
        using (Daemon.Start(options, Log.Silent, new StopRequest()))
        using (Ksock ksock = Open(directory))
        using (Ksock other = Open(directory))
        {
            for (int i = 0; i < count; i++)
            {
                ksock.Bind("$.Many.Many.Many");
            }

            other.Bind("$.One");
            bus = ProcessTests.Status(directory).GetProperty("buses")[0];
        }

        Directory.Delete(directory, recursive: true);
        Assert.Equal((count + 1, true), (bus.GetProperty("bindings").GetInt32(), bus.GetProperty("complete").GetBoolean()));
        Assert.InRange(bus.GetProperty("pages").GetInt32(), count / StatusPage.MostEntries, count);
        JsonElement[] ksocks = [.. bus.GetProperty("ksocks").EnumerateArray()];
        Assert.Equal([1u, 2u], ksocks.Select(k => k.GetProperty("id").GetUInt32()));
        ulong[] orders = [.. ksocks[0].GetProperty("bindings").EnumerateArray().Select(b => b.GetProperty("order").GetUInt64())];
        Assert.Equal(count, orders.Length);
        Assert.Equal(orders.OrderDescending(), orders);
        Assert.Equal("$.One", ksocks[1].GetProperty("bindings")[0].GetProperty("name").GetString());
    });

    [Fact]
    public Task A_thousand_connections_that_say_nothing_keep_nobody_from_the_status() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        int before = Descriptors(daemon);
        List<Socket> silent = [.. Enumerable.Range(0, 1000).Select(_ => Connect(daemon.Directory))];
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(daemon.Id, ProcessTests.Status(daemon.Directory).GetProperty("pid").GetInt32());
        }

        Assert.InRange(Descriptors(daemon), 0, before + ControlConnections.MostOfUser + 1);
        byte[] said = new byte[1000];
        Assert.StartsWith("{\"error\":\"EDQUOT: too many questions of this user", Encoding.UTF8.GetString(said, 0, silent[0].Receive(said)), StringComparison.Ordinal);
        Assert.Equal(0, silent[0].Receive(said));

        // The newest stay, and are answered when they ask.
        silent[^1].Send("status\n"u8);
        Assert.NotEqual(0, silent[^1].Receive(said));
        silent.ForEach(s => s.Dispose());
    });

    [Fact]
    public Task Who_asks_and_does_not_read_holds_a_page_of_memory_and_keeps_nobody_from_the_status() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock ksock = Open(daemon.Directory);
        BindMany(ksock, 40_000, "$.Unread.Unread.Unread.Unread.Unread");

        // A report of some 4 MB each.
        long before = ProcessTests.Status(daemon.Directory).GetProperty("memory").GetInt64();
        List<Socket> unread = [];
        for (int i = 0; i < ControlConnections.MostOfUser; i++)
        {
            unread.Add(Connect(daemon.Directory));
            unread[^1].Send("status\n"u8);
        }

        for (int i = 0; i < 5; i++)
        {
            JsonElement status = ProcessTests.Status(daemon.Directory);
            Assert.Equal(40_000, status.GetProperty("buses")[0].GetProperty("ksocks")[0].GetProperty("bindings").GetArrayLength());
            Assert.InRange(status.GetProperty("memory").GetInt64(), 0, before + (64L * 1024 * 1024));
        }

        unread.ForEach(s => s.Dispose());
    });

    [Fact]
    public Task What_is_no_question_is_answered_with_an_error() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        foreach (string question in new[] { "colour\n", "\n", new string('x', 10_000), "status\r\n" })
        {
            using Socket socket = Connect(daemon.Directory);
            socket.Send(Encoding.ASCII.GetBytes(question));
            using JsonDocument answer = JsonDocument.Parse(Rest(socket));
            Assert.Contains("no question of this kbusd", answer.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task A_question_may_come_byte_by_byte_and_its_sender_may_send_no_more() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Socket socket = Connect(daemon.Directory);
        foreach (byte part in "status\n"u8.ToArray())
        {
            socket.Send([part]);

            // The daemon has had time to read it when it has answered another.
            _ = ProcessTests.Status(daemon.Directory);
        }

        socket.Shutdown(SocketShutdown.Send);
        using JsonDocument answer = JsonDocument.Parse(Rest(socket));
        Assert.Equal(daemon.Id, answer.RootElement.GetProperty("pid").GetInt32());
    });

    [Fact]
    public Task Eight_who_ask_all_the_time_are_answered_and_so_are_Requests() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock ksock = Open(daemon.Directory);
        ksock.Bind("$.Q", replier: true);
        BindMany(ksock, 5000, "$.Many");

        Task<int>[] asking = [.. Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () => Enumerable.Range(0, 10).Sum(_ => ProcessTests.Status(daemon.Directory).GetProperty("buses")[0].GetProperty("ksocks")[0].GetProperty("bindings").GetArrayLength()),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        int answered = 0;
        do
        {
            ksock.Send(new Request("$.Q"));
            Message request = ksock.WaitForMessage()!;
            ksock.Send(Message.ReplyTo(request, "yes"));
            Assert.Equal("yes", ksock.WaitForMessage()!.DataAsText);
            answered++;
        }
        while (!Array.TrueForAll(asking, t => t.IsCompleted));
        Assert.All(asking, t => Assert.Equal(10 * 5001, t.GetAwaiter().GetResult()));
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} Requests meanwhile");
    });

    [Fact]
    public Task A_bus_that_ends_while_it_is_told_of_leaves_a_document_that_says_so() => Limited.Run(() =>
    {
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        using (var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = directory, Buses = 2 }, Log.Silent, new StopRequest()))
        using (Ksock ksock = Open(directory))
        {
            BindMany(ksock, 40_000, "$.Ending.Ending.Ending.Ending.Ending.Ending");

            using Socket socket = Connect(directory);
            socket.Send("status\n"u8);
            string begun = "";
            byte[] piece = new byte[1000];
            while (!begun.Contains("$.Ending", StringComparison.Ordinal))
            {
                begun += Encoding.UTF8.GetString(piece, 0, socket.Receive(piece));
            }

            // What is left is far more than a socket holds.
            Assert.True(daemon.FindBus(0)!.Post(new Fault()));
            using JsonDocument status = JsonDocument.Parse(begun + Encoding.UTF8.GetString(Rest(socket)));
            Assert.Equal([0u], status.RootElement.GetProperty("missing").EnumerateArray().Select(m => m.GetUInt32()));
            JsonElement[] buses = [.. status.RootElement.GetProperty("buses").EnumerateArray()];
            Assert.Equal([(0, false), (1, true)], buses.Select(b => (b.GetProperty("bus").GetInt32(), b.GetProperty("complete").GetBoolean())));
        }

        Directory.Delete(directory, recursive: true);
    });

    [Fact]
    public Task A_bus_that_does_not_answer_is_named_and_keeps_the_others_from_nothing() => Limited.Run(() =>
    {
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        using (var daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = directory, Buses = 3 }, Log.Silent, new StopRequest()))
        {
            using var stuck = new Stuck();
            Assert.True(daemon.FindBus(1)!.Post(stuck));
            JsonElement status = ProcessTests.Status(directory);
            Assert.Equal([0u, 2u], status.GetProperty("buses").EnumerateArray().Select(b => b.GetProperty("bus").GetUInt32()));
            Assert.Equal([1u], status.GetProperty("missing").EnumerateArray().Select(m => m.GetUInt32()));
            stuck.Free();
            Assert.Equal(3, ProcessTests.Status(directory).GetProperty("buses").GetArrayLength());
        }

        Directory.Delete(directory, recursive: true);
    });

    [Fact]
    public void The_process_with_the_most_connections_makes_way_and_of_these_the_oldest_that_is_silent()
    {
        var connections = new ControlConnections();
        List<ControlConnection> all = [];
        ControlConnection Add(uint user, int process)
        {
            _ = LibC.StreamSocketPair(blocking: false, out int first, out int second);
            _ = LibC.Close(second);
            all.Add(new ControlConnection(new Descriptor(first), Peer(process, user), (ulong)all.Count));
            connections.Add(all[^1]);
            return all[^1];
        }

        Assert.Null(connections.Superfluous());
        ControlConnection honest = Add(1000, 1);
        for (int i = 0; i < ControlConnections.MostOfUser - 1; i++)
        {
            Assert.Null(connections.InTheWayOf(1000));
            _ = Add(1000, 2);
        }

        Assert.Same(all[1], connections.InTheWayOf(1000));
        Assert.Null(connections.InTheWayOf(1001));
        connections.Remove(all[1]);
        ControlConnection greedy = Add(1000, 2);
        for (int user = 2000; connections.Count < ControlConnections.Most; user++)
        {
            _ = Add((uint)user, 3);
        }

        // All places are taken: the user with the most makes way for anybody, and still not by its honest process.
        for (int i = 2; i < ControlConnections.MostOfUser; i++)
        {
            Assert.Same(all[i], connections.InTheWayOf(5000));
            connections.Remove(all[i]);
            _ = Add(5000, 100 + i);
            if (connections.InTheWayOf(5000) is { Peer.UserId: not 1000 })
            {
                break;
            }
        }

        Assert.Same(honest, connections.Find(honest.Token));
        Assert.Same(greedy, connections.Find(greedy.Token));
        all.ForEach(c => c.Dispose());
    }

    private static void BindMany(Ksock ksock, int count, string name)
    {
        for (int i = 0; i < count; i++)
        {
            ksock.Bind(string.Create(CultureInfo.InvariantCulture, $"{name}.{i}"));
        }
    }

    private static PeerCredentials Peer(int process, uint user)
    {
        Span<int> words = [process, (int)user, 0];
        return MemoryMarshal.Read<PeerCredentials>(MemoryMarshal.AsBytes(words));
    }

    private static int Descriptors(DaemonProcess daemon)
    {
        _ = ProcessTests.Status(daemon.Directory);
        return Directory.GetFileSystemEntries($"/proc/{daemon.Id}/fd").Length;
    }

    private static byte[] Rest(Socket socket)
    {
        using var rest = new MemoryStream();
        byte[] piece = new byte[64 * 1024];
        int received;
        while ((received = socket.Receive(piece)) > 0)
        {
            rest.Write(piece, 0, received);
        }

        return rest.ToArray();
    }

    private static Socket Connect(string directory)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(directory, "control")));
        return socket;
    }

    private static Ksock Open(string directory) =>
        Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    private sealed class Fault : BusWork
    {
        public override void CarryOut(BusThread bus) => throw new InvalidOperationException("a fault that a test makes");

        public override void Abandon()
        {
        }
    }

    private sealed class Stuck : BusWork, IDisposable
    {
        private readonly ManualResetEventSlim _free = new();

        public void Free() => _free.Set();

        public override void CarryOut(BusThread bus) => _free.Wait();

        public override void Abandon() => _free.Set();

        public void Dispose() => _free.Dispose();
    }
}

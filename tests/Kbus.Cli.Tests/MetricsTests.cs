using System.Net.Sockets;
using System.Text;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus metrics</c>.</summary>
public sealed class MetricsTests
{
    [Fact]
    public Task What_went_over_a_bus_stands_in_the_metrics_of_the_bus_and_of_the_name() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Ksock listener = bus.Open();
        using Ksock sender = bus.Open();
        listener.Bind("$.News");
        listener.SetMaxMessages(1);
        sender.Send(new Announcement("$.News"));
        sender.Send(new Announcement("$.News"));
        _ = Assert.Throws<KbusException>(() => sender.Send(new Request("$.Nobody")));
        string[] lines = bus.Run("metrics").Lines;
        PrometheusText.AssertIs(lines);
        Assert.Contains("kbus_up 1", lines);
        Assert.Contains("kbus_ksocks{bus=\"0\"} 2", lines);
        Assert.Contains("kbus_full_queues{bus=\"0\"} 1", lines);
        Assert.Contains("kbus_sent_messages_total{bus=\"0\"} 2", lines);
        Assert.Contains("kbus_delivered_messages_total{bus=\"0\"} 1", lines);
        Assert.Contains("kbus_missed_messages_total{bus=\"0\"} 1", lines);
        Assert.Contains("kbus_refused_messages_total{bus=\"0\",error=\"EADDRNOTAVAIL\"} 1", lines);
        Assert.Contains("kbus_limpet_silent 0", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("kbus_name_", StringComparison.Ordinal));
        string[] named = bus.Run("metrics", "--names").Lines;
        PrometheusText.AssertIs(named);
        Assert.Contains("kbus_name_missed_messages_total{bus=\"0\",name=\"$.News\"} 1", named);
        Assert.Contains("kbus_name_refused_messages_total{bus=\"0\",name=\"$.Nobody\",error=\"EADDRNOTAVAIL\"} 1", named);
    });

    [Fact]
    public void What_a_stranger_named_cannot_write_a_line_of_its_own()
    {
        var bus = new BusStatus(0, 409600, false, false, 0, [])
        {
            Names = [new NameStatus("$.A\"} 1\nkbus_up 7\\", TrafficStatus.None)],
        };
        string[] lines = [.. DaemonMetrics.Lines(new DaemonStatus("1\n2", 1, "/\"x", 0, [bus], []), withNames: true)];
        PrometheusText.AssertIs(lines);
        Assert.Contains("""kbus_name_sent_messages_total{bus="0",name="$.A\"} 1\nkbus_up 7\\"} 0""", lines);
    }

    [Fact]
    public Task A_page_of_metrics_is_served_to_whoever_asks_and_says_when_kbusd_has_gone() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        using Program page = bus.Start("metrics", "--listen", "0");
        string note = page.Note()!;
        Assert.StartsWith("kbus: Serving http://127.0.0.1:", note, StringComparison.Ordinal);
        int port = int.Parse(note.Split(':')[3].Split('/')[0], System.Globalization.CultureInfo.InvariantCulture);

        // Who says nothing, too much, or goes, is in nobody's way for long.
        using (Socket silent = Connect(port))
        using (Socket talker = Connect(port))
        {
            _ = talker.Send(new byte[20_000]);
            string answer = Ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n", answer, StringComparison.Ordinal);
            string[] lines = answer.Split("\r\n\r\n")[1].TrimEnd('\n').Split('\n');
            PrometheusText.AssertIs(lines);
            Assert.Contains("kbus_up 1", lines);
        }

        Assert.StartsWith("HTTP/1.1 404 ", Ask(port, "GET / HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 405 ", Ask(port, "POST /metrics HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", Ask(port, "HEAD /metrics HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Ended second = bus.Run("metrics", "--listen", $"127.0.0.1:{port}");
        Assert.Equal(new Ended(1, "", $"kbus: 127.0.0.1:{port} cannot be listened at: EADDRINUSE (Address already in use).\n"), second);
        bus.KillDaemon();
        Assert.True(SpinWait.SpinUntil(() => Ask(port, "GET /metrics HTTP/1.1\r\n\r\n").Contains("\nkbus_up 0\n", StringComparison.Ordinal), 60_000));
        page.Signal("TERM");
        Assert.Equal(128 + 15, page.End().Code);
    });

    [Theory]
    [InlineData("1.2.3")]
    [InlineData("999999")]
    [InlineData("127.0.0.1")]
    [InlineData("example.org:80")]
    public void An_address_that_is_none_is_refused_with_what_it_takes(string address)
    {
        using var bus = new PrivateBus();
        Assert.Equal(
            new Ended(2, "", $"kbus: --listen takes a port, or an IP address and a port such as 127.0.0.1:9464, and not '{address}'. See kbus metrics --help.\n"),
            bus.Run("metrics", "--listen", address));
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(System.Net.IPAddress.Loopback, port);
        return socket;
    }

    private static string Ask(int port, string question)
    {
        using Socket socket = Connect(port);
        _ = socket.Send(Encoding.ASCII.GetBytes(question));
        var answer = new MemoryStream();
        byte[] piece = new byte[4096];
        for (int received; (received = socket.Receive(piece)) > 0;)
        {
            answer.Write(piece, 0, received);
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}

using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Kbus.Daemon.Tests;

/// <summary>What one process may hold of a daemon and its buses, seen through the library; and that many are rung.</summary>
public sealed class SharesTests
{
    [Fact]
    public Task More_bindings_than_its_share_are_refused_to_a_process_with_a_sentence_and_are_there_again_when_it_closes() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start("--max-bindings", "1000", "--max-repeats", "5");
        var hostile = Open(daemon);
        for (int i = 0; i < 250; i++)
        {
            hostile.Bind($"$.A{i}");
        }

        KbusException refusal = Assert.Throws<KbusException>(() => hostile.Bind("$.More"));
        Assert.Equal(Errno.EDQUOT, refusal.Errno);
        Assert.Contains("was not bound to $.More. The process of Ksock 1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("holds 250 bindings, or nearly: its present share of what there is.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--max-bindings", refusal.Message, StringComparison.Ordinal);
        hostile.Dispose();
        using Ksock next = Open(daemon);
        for (int i = 0; i < 5; i++)
        {
            next.Bind("$.Same");
        }

        Assert.Contains("is bound to that name 5 times", Assert.Throws<KbusException>(() => next.Bind("$.Same")).Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task More_Requests_than_its_share_are_refused_to_a_process_and_a_big_message_counts_while_it_is_sent() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start("--max-requests", "400", "--max-message-bytes", "8000000", "--default-max-messages", "10000");
        using Ksock asker = Open(daemon);
        using Ksock replier = Open(daemon);
        replier.Bind("$.R", replier: true);
        for (int i = 0; i < 100; i++)
        {
            asker.Send("$.R"u8, default, MessageFlags.WantAReply);
        }

        KbusException refusal = Assert.Throws<KbusException>(() => asker.Send("$.R"u8, default, MessageFlags.WantAReply));
        Assert.Equal(Errno.EDQUOT, refusal.Errno);
        Assert.Contains("is owed 100 Replies, or nearly", refusal.Message, StringComparison.Ordinal);

        // The Requests wait in this very process.
        asker.SetMaxMessageSize(4_000_000);
        refusal = Assert.Throws<KbusException>(() => asker.Send("$.Big"u8, new byte[3_000_000]));
        Assert.Equal(Errno.EDQUOT, refusal.Errno);
        Assert.Contains("holds messages of ", refusal.Message, StringComparison.Ordinal);
        asker.Send("$.Small"u8, new byte[100_000]);
        replier.Dispose();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("$.KBUS.Replier.GoneAway", asker.WaitForMessage()!.Name);
        }

        asker.Send("$.Big"u8, new byte[3_000_000]);
    });

    [Fact]
    public Task A_process_opens_a_share_of_the_Ksocks_and_makes_a_share_of_the_buses_and_the_status_says_so() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock ksock = Open(daemon);
        int made = 0;
        KbusException? refusal = null;
        while (refusal is null)
        {
            try
            {
                _ = ksock.NewDevice();
                made++;
            }
            catch (KbusException e)
            {
                refusal = e;
            }
        }

        Assert.Equal((Errno.EDQUOT, 64), (refusal.Errno, made));
        Assert.Contains("has made 64 buses", refusal.Message, StringComparison.Ordinal);
        ksock.Bind("$.A");
        using JsonDocument report = Charges(daemon);
        JsonElement process = report.RootElement.GetProperty("daemon").GetProperty("processes")[0];
        Assert.Equal(Environment.ProcessId, process.GetProperty("pid").GetInt32());
        Assert.Equal(1, process.GetProperty("held").GetProperty("ksocks").GetInt32());
        Assert.Equal(64, report.RootElement.GetProperty("daemon").GetProperty("users")[0].GetProperty("held").GetProperty("buses").GetInt32());
        process = report.RootElement.GetProperty("buses")[0].GetProperty("processes")[0];
        Assert.Equal((1, 3), (process.GetProperty("held").GetProperty("bindings").GetInt32(), process.GetProperty("held").GetProperty("name_bytes").GetInt32()));
    });

    [Fact]
    public Task The_charges_of_more_Ksocks_than_a_page_has_name_each_process_once_and_leave_out_nothing() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        Ksock[] ksocks = [.. Enumerable.Range(0, 250).Select(_ => Open(daemon))];
        Array.ForEach(ksocks, k => k.Bind("$.A"));
        ksocks[0].Send("$.A"u8, default);
        using JsonDocument report = Charges(daemon);
        JsonElement bus = report.RootElement.GetProperty("buses")[0];
        Assert.Equal((1, 1), (bus.GetProperty("users_in_all").GetInt32(), bus.GetProperty("processes_in_all").GetInt32()));
        foreach (JsonElement held in (JsonElement[])[
            bus.GetProperty("held"), bus.GetProperty("users")[0].GetProperty("held"), bus.GetProperty("processes")[0].GetProperty("held")])
        {
            Assert.Equal((250, 750), (held.GetProperty("bindings").GetInt32(), held.GetProperty("name_bytes").GetInt32()));

            // What is advanced to a process and not used by it is held by nobody.
            Assert.Equal(bus.GetProperty("processes")[0].GetProperty("held").GetProperty("message_bytes").GetInt64(), held.GetProperty("message_bytes").GetInt64());
        }

        Array.ForEach(ksocks, k => k.Dispose());
    });

    [Fact]
    public Task Whoever_sleeps_is_woken_however_many_sleep_and_though_the_sender_ends_at_once() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        Ksock[] sleepers = [.. Enumerable.Range(0, 400).Select(_ => Open(daemon))];
        Array.ForEach(sleepers, s => s.Bind("$.Wake"));
        for (int round = 0; round < 5; round++)
        {
            Task<Message?>[] woken = [.. sleepers.Select(s => s.ReceiveAsync().AsTask())];
            using (Ksock sender = Open(daemon))
            {
                sender.Send("$.Wake"u8, default);
            }

            Task.WaitAll(woken);
            Assert.All(woken, t => Assert.Equal("$.Wake", t.Result!.Name));
        }

        Array.ForEach(sleepers, s => s.Dispose());
    });

    [Fact]
    public Task What_a_member_held_goes_back_to_the_system_when_it_has_gone_though_others_stay() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock stays = Open(daemon);
        stays.Bind("$.Other");
        long before = ResidentKilobytes(daemon);
        Ksock goes = Open(daemon);
        goes.SetMaxMessages(uint.MaxValue);
        goes.Bind("$.Held");
        for (int i = 0; i < 150_000; i++)
        {
            stays.Send("$.Held"u8, default);
        }

        long held = ResidentKilobytes(daemon) - before;
        Assert.InRange(held, 40_000, 400_000);
        goes.Dispose();
        while (ResidentKilobytes(daemon) - before > held / 3)
        {
            Thread.Yield();
        }

        stays.Send("$.Other"u8, default);
        Assert.Equal("$.Other", stays.WaitForMessage()!.Name);
    });

    private static long ResidentKilobytes(DaemonProcess daemon)
    {
        const string field = "VmRSS:";
        string line = File.ReadLines($"/proc/{daemon.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(field.Length, line.Length - field.Length - " kB".Length), CultureInfo.InvariantCulture);
    }

    private static JsonDocument Charges(DaemonProcess daemon)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Join(daemon.Directory, "control")));
        socket.Send("charges\n"u8);
        using var stream = new NetworkStream(socket);
        return JsonDocument.Parse(stream);
    }

    private static Ksock Open(DaemonProcess daemon) =>
        Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = daemon.Directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });
}

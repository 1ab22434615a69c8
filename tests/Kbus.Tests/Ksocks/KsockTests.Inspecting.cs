using System.Collections;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Kbus.Tests;

// Whoever only looks at a Ksock takes nothing from it.
public abstract partial class KsockTests
{
    [Fact]
    public Task Logging_a_Ksock_takes_no_message() => Limited.Run(() =>
    {
        Ksock server = OpenReplier("$.Bank.Pay");
        Ksock client = Open();
        client.Send(new Request("$.Bank.Pay", "100 EUR"));
        using var log = new WrittenLog();
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.AddProvider(log));
        ILogger logger = loggers.CreateLogger("bank");
#pragma warning disable CA1848, CA1873, CA2254 // As a program does that logs now and then.
        logger.LogInformation("serving with {Ksock}", server);
        logger.LogInformation("serving with {@Ksock} and {$Other}", server, client);
        using (logger.BeginScope("{Ksock}", server))
        {
            logger.LogError(new InvalidOperationException($"{server}"), "{Ksocks}", [new Ksock[] { server, client }]);
        }
#pragma warning restore CA1848, CA1873, CA2254

        Assert.Equal($"serving with Ksock device 0, id {server.Id}, mode read/write", log.Lines.First());
        AssertOneRequestWaits(server, client);
    });

    [Fact]
    public Task Serializing_a_Ksock_takes_no_message() => Limited.Run(async () =>
    {
        Ksock server = OpenReplier("$.Bank.Pay");
        Ksock client = Open();
        client.Send(new Request("$.Bank.Pay", "100 EUR"));
        string text = JsonSerializer.Serialize(server);
        using var stream = new MemoryStream();
        await JsonSerializer.SerializeAsync(stream, new { server }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains($"\"Id\":{server.Id},", text, StringComparison.Ordinal);
        Assert.Contains("\"NumMessages\":1,", text, StringComparison.Ordinal);
        AssertOneRequestWaits(server, client);
    });

    [Fact]
    public Task Reading_every_property_of_a_Ksock_changes_nothing() => Limited.Run(() =>
    {
        Ksock server = OpenReplier("$.Bank.Pay");
        Ksock client = Open();
        client.Send(new Request("$.Bank.Pay", "100 EUR"));
        string[] before = [.. All(server), .. All(server.Bare), .. All(client)];
        string[] after = [.. All(server), .. All(server.Bare), .. All(client)];
        Assert.Equal(before, after);
        AssertOneRequestWaits(server, client);

        static IEnumerable<string> All(object it) => it.GetType()
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0)
            .Select(p => $"{p.Name}={p.GetValue(it)}");
    });

    [Fact]
    public void Nothing_public_can_be_enumerated_by_who_does_not_know_what_it_is()
    {
        // Loggers, serializers and LINQ know these interfaces, and enumerate what has one of them.
        Type[] interfaces = [typeof(IEnumerable), typeof(IEnumerator), typeof(IAsyncEnumerable<Message>), typeof(IAsyncEnumerator<Message>)];
        Assert.Empty(typeof(Ksock).Assembly.GetExportedTypes().Where(t => interfaces.Any(i => i.IsAssignableFrom(t))));
    }

    [Fact]
    public Task The_messages_available_are_read_all_and_no_more_than_that() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.A");
        Assert.Empty(listener.ReadAvailable());
        Ksock sender = Open();
        sender.Send(new Announcement("$.A", "1"));
        sender.Send(new Announcement("$.A", "2"));
        Assert.Equal(["1", "2"], Texts(listener.ReadAvailable()));
        sender.Send(new Announcement("$.A", "3"));
        foreach (Message message in listener)
        {
            sender.Send(new Announcement("$.A", $"after {message.DataAsText}"));
            if (message.DataAsText.Length > 20)
            {
                break;
            }
        }

        Message left = Assert.Single(listener.ReadAvailable());
        Assert.Equal("after after after after after 3", left.DataAsText);
        Assert.Equal(Errno.EBADF, ErrnoOf(() => Open(KsockMode.Write).ReadAvailable()));
    });

    [Fact]
    public Task A_quick_sender_does_not_keep_who_reads_the_messages_available() => Limited.Run(async () =>
    {
        Ksock listener = OpenListener("$.A");
        Ksock sender = Open();
        using var stop = new CancellationTokenSource();
        Task sending = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                sender.Send("$.A"u8, default);
            }
        });
        for (int i = 0; i < 100; i++)
        {
            Assert.InRange(listener.ReadAvailable().Count, 0, 100);
        }

        await stop.CancelAsync();
        await sending;
    });

    [Fact]
    public Task When_the_bus_dies_what_was_delivered_is_still_available() => Limited.Run(() =>
    {
        Ksock replier = OpenReplier("$.Q");
        Ksock sender = OpenListener("$.A");
        sender.Send(new Announcement("$.A", "delivered"));
        sender.Send(new Request("$.Q"));
        _buses!.Die();
        Assert.Equal(["$.A", "$.KBUS.Replier.GoneAway"], sender.ReadAvailable().Select(m => m.Name));
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => sender.ReadAvailable()));
    });

    /// <summary>The Request is still there to be answered, and its sender has heard nothing.</summary>
    private static void AssertOneRequestWaits(Ksock server, Ksock client)
    {
        Assert.Equal(1u, server.NumMessages);
        Assert.Equal(0u, server.NumUnrepliedTo);
        Assert.Equal(0u, client.NumMessages);
        server.Send(Message.ReplyTo(server.ReadNextMessage()!, "paid"));
        Assert.Equal("paid", client.WaitForMessage()!.DataAsText);
    }
}

using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace Kbus.Hosting.Tests;

/// <summary>Listeners as services of a host, and values that are announced.</summary>
public sealed class ListenerTests : IDisposable
{
    private readonly Daemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task A_method_receives_the_values_that_are_announced_in_their_order()
    {
        Channel<int> received = Channel.CreateUnbounded<int>();
        await using Host host = await Host.StartAsync(_daemon, k => k.AddListener<int>("$.Number.*", (value, _) => received.Writer.WriteAsync(value)));
        for (int i = 0; i < 50; i++)
        {
            await host.Bus.SendAsync("$.Number.Next", i);
        }

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i, await received.Reader.ReadAsync().AsTask().WaitAsync(Host.Patience));
        }
    }

    [Fact]
    public async Task What_cannot_be_read_or_handled_is_logged_and_the_next_message_comes()
    {
        Channel<Weather> received = Channel.CreateUnbounded<Weather>();
        await using Host host = await Host.StartAsync(_daemon, k => k.AddListener<Weather>(
            "$.Weather", (value, _) => value.Celsius > 100 ? throw new InvalidOperationException("too hot") : received.Writer.WriteAsync(value)));
        using Ksock ksock = _daemon.Open();
        ksock.Send(new Announcement("$.Weather", "nonsense"));
        await host.Bus.SendAsync("$.Weather", new Weather("Sun", 5000));
        await host.Bus.SendAsync("$.Weather", new Weather("Oslo", -3));
        Assert.Equal(new Weather("Oslo", -3), await received.Reader.ReadAsync().AsTask().WaitAsync(Host.Patience));
        Assert.Contains(host.Log.Lines, l => l.StartsWith("Warning: The listener of $.Weather cannot read the data of message ", StringComparison.Ordinal));
        Assert.Contains(host.Log.Lines, l => l.StartsWith("Error: The listener of $.Weather failed ", StringComparison.Ordinal) && l.EndsWith("too hot", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_class_listens_and_answers_nothing_when_it_overhears_a_request()
    {
        Heard.Messages = Channel.CreateUnbounded<Message>();
        await using Host host = await Host.StartAsync(_daemon, k => k.AddListener<Heard>("$.Ask").AddReplier("$.Ask", r => ValueTask.FromResult(r.Message.Data)));
        using Ksock ksock = _daemon.Open();
        Assert.Equal("abc", ksock.Ask("$.Ask", "abc", Host.Patience).DataAsText);
        Message request = await Heard.Messages.Reader.ReadAsync().AsTask().WaitAsync(Host.Patience);
        Assert.True(request.IsRequest);
        Message reply = await Heard.Messages.Reader.ReadAsync().AsTask().WaitAsync(Host.Patience);
        Assert.True(reply.IsReply);
    }

    [Fact]
    public async Task Values_are_a_stream_of_what_is_announced_while_it_is_read()
    {
        await using Host host = await Host.StartAsync(_daemon, _ => { });
        using var enough = new CancellationTokenSource();
        await using IAsyncEnumerator<int> values = host.Bus.ListenAsync<int>("$.Number", enough.Token).GetAsyncEnumerator();
        ValueTask<bool> first = values.MoveNextAsync();

        // It is bound some time during its first step. What is announced before does not count.
        using Ksock ksock = _daemon.Open();
        while (!first.IsCompleted)
        {
            ksock.Send(new Announcement("$.Number", "7"));
            await Task.Yield();
        }

        Assert.True(await first);
        Assert.Equal(7, values.Current);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await values.MoveNextAsync())
            {
                Assert.Equal(7, values.Current);
            }
        });
    }

    [Fact]
    public async Task A_class_receives_values_several_at_once_if_it_may()
    {
        using var bothBegun = new CountdownEvent(2);
        await using Host host = await Host.StartAsync(_daemon, k =>
        {
            k.Services.AddSingleton(bothBegun);
            k.AddListener<Together, int>("$.Number", concurrency: 2);
        });
        await host.Bus.SendAsync("$.Number", 1);
        await host.Bus.SendAsync("$.Number", 2);
        Assert.True(bothBegun.Wait(Host.Patience));
    }

    [Fact]
    public async Task A_Ksock_of_the_programs_own_sends_and_asks_with_values()
    {
        var serializer = new JsonMessageSerializer(TestJson.Default);
        Channel<int> received = Channel.CreateUnbounded<int>();
        await using Host host = await Host.StartAsync(_daemon, k => k
            .AddListener<int>("$.Number", (value, _) => received.Writer.WriteAsync(value))
            .AddReplier<int, int>("$.Next", (value, _) => value < 0 ? throw new ErrorReplyException("Negative", "") : ValueTask.FromResult(value + 1)));
        await using Ksock ksock = await host.Bus.OpenKsockAsync();
        await ksock.SendAsync(serializer, "$.Number", 42);
        Assert.Equal(42, await received.Reader.ReadAsync().AsTask().WaitAsync(Host.Patience));
        Assert.Equal(8, await ksock.AskAsync<int, int>(serializer, "$.Next", 7, Host.Patience));
        ErrorReplyException e = await Assert.ThrowsAsync<ErrorReplyException>(() => ksock.AskAsync<int, int>(serializer, "$.Next", -7, Host.Patience));
        Assert.Equal(("Negative", "Negative"), (e.Error.Code, e.Message));
        Assert.Equal(MessageFlags.ErrorReply, e.Answer!.Flags);
    }

    private sealed class Together(CountdownEvent bothBegun) : IListener<int>
    {
        public ValueTask ReceiveAsync(int value, Delivery message)
        {
            bothBegun.Signal();
            return bothBegun.Wait(Host.Patience) ? ValueTask.CompletedTask : throw new TimeoutException();
        }
    }

    private sealed class Heard : IListener
    {
        public static Channel<Message> Messages { get; set; } = Channel.CreateUnbounded<Message>();

        public ValueTask ReceiveAsync(Delivery message) => Messages.Writer.WriteAsync(message.Message);
    }
}

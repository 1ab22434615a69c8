using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Kbus.Hosting.Tests;

/// <summary>Repliers as services of a host, on a kbusd.</summary>
public sealed class ReplierTests : IDisposable
{
    private readonly Daemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task A_method_answers_a_question_with_a_value()
    {
        await using Host host = await Host.StartAsync(
            _daemon, k => k.AddReplier<Question, Weather>("$.Weather", (q, _) => ValueTask.FromResult(new Weather(q.City, 21.5))));
        Assert.Equal(new Weather("Prague", 21.5), await host.Bus.AskAsync<Question, Weather>("$.Weather", new Question("Prague")));
    }

    [Fact]
    public async Task A_method_answers_with_bytes_a_program_that_knows_nothing_of_hosts()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier("$.Echo", r => ValueTask.FromResult(r.Message.Data)));
        using Ksock ksock = _daemon.Open();
        Reply reply = ksock.Ask("$.Echo", "abc", Host.Patience);
        Assert.Equal("abc", reply.DataAsText);
        Assert.Null(ErrorReply.Read(reply));
    }

    [Fact]
    public async Task A_class_is_made_for_each_request_with_services_of_its_own()
    {
        var counts = new Counts();
        await using Host host = await Host.StartAsync(_daemon, k =>
        {
            k.Services.AddSingleton(counts).AddScoped<Scoped>();
            k.AddReplier<CountingReplier, Question, int>("$.Count");
        });
        Assert.Equal(1, await host.Bus.AskAsync<Question, int>("$.Count", new Question("a")));
        Assert.Equal(2, await host.Bus.AskAsync<Question, int>("$.Count", new Question("b")));
        await host.StopAsync();
        Assert.Equal((2, 2), (counts.Made, counts.Disposed));
    }

    [Fact]
    public async Task A_class_without_types_answers_with_bytes()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier<Upper>("$.Upper"));
        using Ksock ksock = _daemon.Open();
        Assert.Equal("ABC", ksock.Ask("$.Upper", "abc", Host.Patience).DataAsText);
    }

    [Fact]
    public async Task An_exception_becomes_an_error_reply_that_does_not_tell_its_message()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier<Question, Weather>("$.Weather", (_, _) => throw new InvalidOperationException("secret")));
        ErrorReplyException e = await Assert.ThrowsAsync<ErrorReplyException>(() => host.Bus.AskAsync<Question, Weather>("$.Weather", new Question("Oslo")));
        Assert.Equal((ErrorReply.Failed, "The replier failed."), (e.Error.Code, e.Error.Text));
        Assert.Contains(host.Log.Lines, l => l.StartsWith("Error: The replier of $.Weather failed with message ", StringComparison.Ordinal) && l.EndsWith("secret", StringComparison.Ordinal));

        using Ksock ksock = _daemon.Open();
        Reply reply = ksock.Ask("$.Weather", """{"City":"Oslo"}""", Host.Patience);
        Assert.Equal(MessageFlags.ErrorReply, reply.Flags);
        Assert.Equal("Failed\nThe replier failed.", reply.DataAsText);
    }

    [Fact]
    public async Task An_exception_tells_its_message_if_the_options_say_so()
    {
        await using Host host = await Host.StartAsync(
            _daemon, k => k.AddReplier("$.Fail", _ => throw new InvalidOperationException("no longer secret")), o => o.TellExceptions = true);
        using Ksock ksock = _daemon.Open();
        Assert.Equal("Failed: no longer secret", ErrorReply.Read(ksock.Ask("$.Fail", null, Host.Patience))!.ToString());
    }

    [Fact]
    public async Task What_a_handler_means_to_say_is_said_and_is_no_error_of_the_log()
    {
        await using Host host = await Host.StartAsync(
            _daemon, k => k.AddReplier<Question, Weather>("$.Weather", (q, _) => throw new ErrorReplyException("NotFound", $"There is no {q.City}.")));
        ErrorReplyException e = await Assert.ThrowsAsync<ErrorReplyException>(() => host.Bus.AskAsync<Question, Weather>("$.Weather", new Question("Atlantis")));
        Assert.Equal(("NotFound", "There is no Atlantis."), (e.Error.Code, e.Error.Text));
        Assert.Equal("NotFound: There is no Atlantis.", e.Message);
        Assert.DoesNotContain(host.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_error_reply_of_another_replier_is_not_passed_on_as_ones_own()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k
            .AddReplier<Question, Weather>("$.Inner", (_, _) => throw new ErrorReplyException("Inner", "of the inner one"))
            .AddReplier<Question, Weather>(
                "$.Outer", async (q, r) => await r.Services.GetRequiredService<HostedBus>().AskAsync<Question, Weather>("$.Inner", q)));
        ErrorReplyException e = await Assert.ThrowsAsync<ErrorReplyException>(() => host.Bus.AskAsync<Question, Weather>("$.Outer", new Question("Rome")));
        Assert.Equal(ErrorReply.Failed, e.Error.Code);
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[1]")]
    public async Task Data_that_cannot_be_read_gets_a_BadRequest(string data)
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier<Question, Weather>("$.Weather", (q, _) => ValueTask.FromResult(new Weather(q.City, 0))));
        using Ksock ksock = _daemon.Open();
        ErrorReply? error = ErrorReply.Read(ksock.Ask("$.Weather", data, Host.Patience));
        Assert.Equal(ErrorReply.BadRequest, error!.Code);
        Assert.Contains("Question", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_too_long_for_the_bus_becomes_an_error_reply()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier("$.Long", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[1_000_000])));
        using Ksock ksock = _daemon.Open();
        Assert.Equal("Failed: The answer has 1000000 bytes, which are too many for the bus.", ErrorReply.Read(ksock.Ask("$.Long", null, Host.Patience))!.ToString());
    }

    [Fact]
    public async Task No_more_requests_are_handled_at_once_than_allowed_and_as_many_as_allowed_are()
    {
        const int Allowed = 3;
        int now = 0, most = 0;
        using var begun = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier(
            "$.Slow",
            async _ =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref now));
                begun.Release();
                await gate.WaitAsync();
                Interlocked.Decrement(ref now);
                return default;
            },
            Allowed));
        using Ksock ksock = _daemon.Open();
        Task<Message?>[] asked = [.. Enumerable.Range(0, 10).Select(_ => ksock.RequestAsync(new Request("$.Slow"), Host.Patience))];
        for (int i = 0; i < Allowed; i++)
        {
            Assert.True(await begun.WaitAsync(Host.Patience));
        }

        gate.Release(10);
        Message?[] answers = await Task.WhenAll(asked);
        Assert.All(answers, a => Assert.IsType<Reply>(a));
        Assert.Equal(Allowed, most);
    }

    [Fact]
    public async Task By_default_requests_are_handled_in_the_order_of_the_bus()
    {
        var order = new List<string>();
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier(
            "$.Order",
            async r =>
            {
                await Task.Yield();
                order.Add(r.Message.DataAsText);
                return default;
            }));
        using Ksock ksock = _daemon.Open();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ksock.RequestAsync(new Request("$.Order", $"{i}"), Host.Patience)));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), order);
    }

    [Fact]
    public async Task A_service_that_cannot_be_disposed_of_gives_no_second_answer()
    {
        await using Host host = await Host.StartAsync(_daemon, k =>
        {
            k.Services.AddScoped<Stubborn>();
            k.AddReplier<Question, int>("$.Count", (_, r) => ValueTask.FromResult(r.Services.GetRequiredService<Stubborn>().Number));
        });
        Assert.Equal(7, await host.Bus.AskAsync<Question, int>("$.Count", new Question("")));
        Assert.Equal(7, await host.Bus.AskAsync<Question, int>("$.Count", new Question("")));
        await host.StopAsync();
        Assert.Equal(2, host.Log.Lines.Count(l => l.EndsWith("stubborn", StringComparison.Ordinal)));
        Assert.DoesNotContain(host.Log.Lines, l => l.Contains("could not be sent", StringComparison.Ordinal));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    private sealed class Counts
    {
        public int Made { get; set; }

        public int Disposed { get; set; }
    }

    private sealed class Scoped : IDisposable
    {
        private readonly Counts _counts;

        public Scoped(Counts counts)
        {
            _counts = counts;
            counts.Made++;
        }

        public void Dispose() => _counts.Disposed++;
    }

    private sealed class CountingReplier(Counts counts, Scoped scoped) : IReplier<Question, int>
    {
        public ValueTask<int> ReplyAsync(Question question, Delivery request)
        {
            Assert.Same(scoped, request.Services.GetRequiredService<Scoped>());
            return ValueTask.FromResult(counts.Made);
        }
    }

    private sealed class Stubborn : IDisposable
    {
        public int Number => 7;

        public void Dispose() => throw new InvalidOperationException("stubborn");
    }

    private sealed class Upper : IReplier
    {
        public ValueTask<ReadOnlyMemory<byte>> ReplyAsync(Delivery request) =>
            ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(request.Message.DataAsText.ToUpperInvariant()));
    }
}

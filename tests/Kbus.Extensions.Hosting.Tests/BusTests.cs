using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kbus.Hosting.Tests;

/// <summary>Which bus a host uses, with which options, and what becomes of the host when the bus dies.</summary>
public sealed class BusTests : IDisposable
{
    private readonly Daemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task Buses_with_keys_are_apart()
    {
        await using Host host = Host.Build(builder =>
        {
            foreach ((string key, uint device) in new[] { ("one", 0u), ("two", 1u) })
            {
                builder.Services.AddKbus(key).UseJson(TestJson.Default)
                    .Configure(o => (o.RuntimeDirectory, o.StartDaemon, o.Device) = (_daemon.RuntimeDirectory, false, device))
                    .AddReplier<Question, int>("$.Which", (_, _) => ValueTask.FromResult((int)device));
            }
        });
        await host.StartAsync();
        Assert.Equal(0, await host.Services.GetRequiredKeyedService<HostedBus>("one").AskAsync<Question, int>("$.Which", new Question("")));
        Assert.Equal(1, await host.Services.GetRequiredKeyedService<HostedBus>("two").AskAsync<Question, int>("$.Which", new Question("")));
        Assert.Null(host.Services.GetService<HostedBus>());

        HealthCheckRegistration health = BusHealthCheck.Of("two");
        Assert.Equal("kbus-two", health.Name);
        Assert.Equal(HealthStatus.Healthy, (await health.Factory(host.Services).CheckHealthAsync(new HealthCheckContext { Registration = health })).Status);
    }

    [Fact]
    public async Task Options_come_from_the_configuration()
    {
        await using Host host = Host.Build(builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Kbus:RuntimeDirectory"] = _daemon.RuntimeDirectory,
                ["Kbus:Device"] = "1",
                ["Kbus:MaxMessages"] = "7",
                ["Kbus:AskTimeout"] = "00:01:00",
                ["Kbus:StartDaemon"] = "false",
                ["Kbus:TellExceptions"] = "true",
            });
            builder.Services.AddKbus(builder.Configuration.GetSection("Kbus"));
        });
        await host.StartAsync();
        await using Ksock ksock = await host.Bus.OpenKsockAsync();
        Assert.Equal((1u, 7u), (ksock.Device, ksock.MaxMessages));
        HostedBusOptions options = host.Services.GetRequiredService<IOptionsMonitor<HostedBusOptions>>().Get("");
        Assert.Equal((TimeSpan.FromMinutes(1), false, true), (options.AskTimeout, options.StartDaemon, options.TellExceptions));
    }

    [Theory]
    [InlineData("Device", "256", "Device is 256")]
    [InlineData("Device", "-1", "'-1' is not a number")]
    [InlineData("MaxMessages", "0", "MaxMessages is 0")]
    [InlineData("OpenTimeout", "00:00:00", "OpenTimeout is 00:00:00")]
    [InlineData("StopTimeout", "-00:00:01", "StopTimeout is -00:00:01")]
    [InlineData("AskTimeout", "soon", "'soon' is not a time")]
    [InlineData("StartDaemon", "perhaps", "'perhaps' is not true or false")]
    [InlineData("Devise", "1", "Kbus:Devise: KBUS has no such option")]
    public async Task An_option_that_is_wrong_keeps_the_host_from_starting(string option, string value, string said)
    {
        await using Host host = Host.Build(builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [$"Kbus:{option}"] = value });
            builder.Services.AddKbus(builder.Configuration.GetSection("Kbus")).Configure(o => o.RuntimeDirectory = _daemon.RuntimeDirectory);
        });
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_replier_cannot_be_bound_does_not_start()
    {
        using Ksock other = _daemon.Open();
        other.Bind("$.Taken", replier: true);
        KbusException e = await Assert.ThrowsAsync<KbusException>(
            () => Host.StartAsync(_daemon, k => k.AddReplier("$.Taken", r => ValueTask.FromResult(r.Message.Data))));
        Assert.Equal(Errno.EADDRINUSE, e.Errno);
    }

    [Fact]
    public async Task A_host_with_typed_handlers_and_no_serializer_does_not_start()
    {
        await using Host host = Host.Build(builder => builder.Services.AddKbus()
            .Configure(o => o.RuntimeDirectory = _daemon.RuntimeDirectory)
            .AddListener<int>("$.Number", (_, _) => ValueTask.CompletedTask));
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);
        Assert.Contains("UseJson", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_to_answer_is_told_at_once_and_a_replier_that_goes_as_a_status()
    {
        await using Host host = await Host.StartAsync(_daemon, _ => { });
        KbusException none = await Assert.ThrowsAsync<KbusException>(() => host.Bus.AskAsync<Question, int>("$.Nobody", new Question("")));
        Assert.Equal(Errno.EADDRNOTAVAIL, none.Errno);

        Ksock replier = _daemon.Open();
        replier.Bind("$.Leaving", replier: true);
        Task<int> asked = host.Bus.AskAsync<Question, int>("$.Leaving", new Question(""));
        Assert.NotNull(await replier.ReceiveAsync(Host.Patience));
        replier.Dispose();
        NoReplyException gone = await Assert.ThrowsAsync<NoReplyException>(() => asked);
        Assert.Equal("$.KBUS.Replier.Ignored", gone.Status!.Name);
    }

    [Fact]
    public async Task Late_answers_to_questions_that_were_given_up_do_not_fill_the_queue()
    {
        using Ksock replier = _daemon.Open();
        replier.Bind("$.Late", replier: true);
        await using Host host = await Host.StartAsync(_daemon, _ => { }, o => o.MaxMessages = 2);
        for (int i = 0; i < 10; i++)
        {
            using var giveUp = new CancellationTokenSource();
            Task<int> asked = host.Bus.AskAsync<int, int>("$.Late", i, cancellationToken: giveUp.Token);
            Message request = (await replier.ReceiveAsync(Host.Patience))!;
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
            replier.Send(Message.ReplyTo(request, "1"));
        }

        Task<int> last = host.Bus.AskAsync<int, int>("$.Late", 10);
        replier.Send(Message.ReplyTo((await replier.ReceiveAsync(Host.Patience))!, "42"));
        Assert.Equal(42, await last);
    }

    [Fact]
    public async Task A_host_goes_on_after_its_bus_has_died_and_come_back()
    {
        await using Host host = await Host.StartAsync(_daemon, k => k.AddReplier<int, int>("$.Next", (i, _) => ValueTask.FromResult(i + 1)));
        Assert.Equal(2, await host.Bus.AskAsync<int, int>("$.Next", 1));
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(host));
        _daemon.Kill();
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(host));
        _daemon.StartAgain();
        using Ksock ksock = _daemon.Open();
        while (ksock.FindReplier("$.Next") is null)
        {
            await Task.Yield();
        }

        Assert.Equal(3, await host.Bus.AskAsync<int, int>("$.Next", 2));
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(host));
        Assert.Contains(host.Log.Lines, l => l.StartsWith("Error: The replier of $.Next has lost its bus.", StringComparison.Ordinal));
    }

    private static async Task<HealthStatus> HealthAsync(Host host)
    {
        HealthCheckRegistration registration = BusHealthCheck.Of();
        Assert.Equal("kbus", registration.Name);
        return (await registration.Factory(host.Services).CheckHealthAsync(new HealthCheckContext { Registration = registration })).Status;
    }
}

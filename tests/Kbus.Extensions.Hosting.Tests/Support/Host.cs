using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kbus.Hosting.Tests;

/// <summary>A host that runs, with what a test added to it, on the buses of a daemon.</summary>
internal sealed class Host : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _isStarted;

    private Host(IHost host, KeptLog log)
    {
        _host = host;
        Log = log;
    }

    /// <summary>How long anything may take before it counts as hanging.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(3);

    /// <summary>What its services logged.</summary>
    public KeptLog Log { get; }

    /// <summary>The services of the host.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The bus without a key.</summary>
    public HostedBus Bus => Services.GetRequiredService<HostedBus>();

    /// <summary>Starts one, with JSON for the types of these tests.</summary>
    public static async Task<Host> StartAsync(Daemon daemon, Action<KbusBuilder> add, Action<HostedBusOptions>? configure = null)
    {
        Host host = Build(builder =>
        {
            KbusBuilder kbus = builder.Services.AddKbus().UseJson(TestJson.Default).Configure(o => (o.RuntimeDirectory, o.StartDaemon) = (daemon.RuntimeDirectory, false));
            if (configure is not null)
            {
                kbus.Configure(configure);
            }

            add(kbus);
        });
        await host.StartAsync();
        return host;
    }

    /// <summary>Makes one that is not started.</summary>
    public static Host Build(Action<HostApplicationBuilder> add)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var log = new KeptLog();
        builder.Services.AddLogging(l => l.AddProvider(log));
        add(builder);
        return new Host(builder.Build(), log);
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        _isStarted = true;
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_isStarted)
        {
            await _host.StopAsync();
        }

        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}

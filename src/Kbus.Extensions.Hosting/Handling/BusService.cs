using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kbus.Hosting;

/// <summary>The handlers of one bus, started and stopped with the host.</summary>
internal sealed class BusService : IHostedService, IDisposable
{
    private readonly HostedBus _bus;
    private readonly IReadOnlyList<HandlerLoop> _loops;

    public BusService(string key, IServiceProvider services)
    {
        _bus = services.GetRequiredKeyedService<HostedBus>(key);
        ILogger logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(HostingLog.Category);
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        _loops = [.. services.GetServices<Handler>().Where(h => h.Bus == key).Select(h => new HandlerLoop(h, _bus, scopes, logger))];
    }

    /// <summary>The handlers that are not bound now, though they should be.</summary>
    public IEnumerable<Handler> Unbound => _loops.Where(l => !l.IsBound).Select(l => l.Handler);

    /// <summary>Binds all handlers and begins to handle. If one cannot be bound, the host does not start.</summary>
    /// <exception cref="KbusException">There is no bus, or it refused a binding.</exception>
    /// <exception cref="InvalidOperationException">There are handlers of values, and no serializer.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // A handler that needs a serializer and has none would fail with each message.
        _ = _loops.Any(l => l.Handler.IsTyped) ? _bus.Serializer : null;
        foreach (HandlerLoop loop in _loops)
        {
            await loop.BindAsync(cancellationToken).ConfigureAwait(false);
        }

        // After all of them are bound: the first message may make its handler ask another one of ours.
        foreach (HandlerLoop loop in _loops)
        {
            loop.Begin();
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_loops.Select(l => l.StopAsync(_bus.Options.StopTimeout, cancellationToken)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HandlerLoop loop in _loops)
        {
            loop.Dispose();
        }
    }
}

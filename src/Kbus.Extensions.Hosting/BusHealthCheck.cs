using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kbus.Hosting;

/// <summary>Whether a bus answers, and whether all handlers on it are bound.</summary>
public sealed class BusHealthCheck : IHealthCheck
{
    private readonly HostedBus _bus;
    private readonly BusService _service;

    private BusHealthCheck(IServiceProvider services, string key)
    {
        _bus = services.GetRequiredKeyedService<HostedBus>(key);
        _service = services.GetRequiredKeyedService<BusService>(key);
    }

    /// <summary>The check of a bus that was added by <c>AddKbus</c>: <c>AddHealthChecks().Add(BusHealthCheck.Of())</c>.</summary>
    /// <param name="key">The key of the bus; null for the one without a key.</param>
    /// <param name="name">The name of the check; null for <c>kbus</c>, and <c>kbus-KEY</c> for a bus with a key.</param>
    /// <returns>What a host's health checks take.</returns>
    public static HealthCheckRegistration Of(string? key = null, string? name = null) =>
        new(name ?? (key is null ? "kbus" : $"kbus-{key}"), services => new BusHealthCheck(services, key ?? ""), failureStatus: null, tags: null);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            await _bus.CheckAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KbusException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, e.Message, e);
        }

        string[] unbound = [.. _service.Unbound.Select(h => h.Name)];
        return unbound.Length == 0
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, $"Not bound: {string.Join(", ", unbound)}.");
    }
}

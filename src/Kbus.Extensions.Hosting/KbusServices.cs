using Kbus.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds buses of KBUS to the services of a host.</summary>
public static class KbusServices
{
    /// <summary>Adds a bus: <see cref="HostedBus"/> as a service, and what is added to the builder as handlers.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configuration">The section of the configuration with the options; null to leave them as they are.</param>
    /// <returns>What handlers and a serializer are added to. Calling this again for the same bus adds to the same.</returns>
    public static KbusBuilder AddKbus(this IServiceCollection services, IConfiguration? configuration = null) => Add(services, "", configuration);

    /// <summary>Adds a bus with a key, for hosts that use more than one: <see cref="HostedBus"/> is a service of that key.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="key">The key, not empty: any word of the program's own.</param>
    /// <param name="configuration">The section of the configuration with the options; null to leave them as they are.</param>
    /// <returns>What handlers and a serializer are added to. Calling this again for the same key adds to the same.</returns>
    public static KbusBuilder AddKbus(this IServiceCollection services, string key, IConfiguration? configuration = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Add(services, key, configuration);
    }

    private static KbusBuilder Add(IServiceCollection services, string key, IConfiguration? configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        _ = services.AddOptions<HostedBusOptions>(key).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedBusOptions>, OptionsCheck>());
        if (configuration is not null)
        {
            _ = services.AddSingleton<IConfigureOptions<HostedBusOptions>>(new BoundOptions(key, configuration));
        }

        if (!services.Any(s => s.IsKeyedService && s.ServiceType == typeof(BusService) && key.Equals(s.ServiceKey)))
        {
            services.TryAddKeyedSingleton(key, (provider, _) => new HostedBus(key, provider));
            _ = services.AddKeyedSingleton(key, (provider, _) => new BusService(key, provider));
            _ = services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<BusService>(key));
            if (key.Length == 0)
            {
                services.TryAddSingleton(provider => provider.GetRequiredKeyedService<HostedBus>(key));
            }
        }

        return new KbusBuilder(services, key);
    }
}

using Kbus.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// Try it, in another terminal: kbus send '$.Sensor.Temperature' '21.5'
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddKbus(builder.Configuration.GetSection("Kbus"))
    .AddListener<SensorListener>("$.Sensor.*");
await builder.Build().RunAsync();

/// <summary>Receives messages. One is made for each, with the services that its constructor asks for.</summary>
internal sealed class SensorListener(ILogger<SensorListener> logger) : IListener
{
    public ValueTask ReceiveAsync(Delivery message)
    {
        logger.LogInformation("{Name} is {Value}.", message.Message.Name, message.Message.DataAsText);
        return ValueTask.CompletedTask;
    }
}

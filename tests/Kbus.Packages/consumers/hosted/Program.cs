using System.Text.Json.Serialization;
using Kbus;
using Kbus.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddKbus(builder.Configuration.GetSection("Kbus"))
    .UseJson(WeatherJson.Default)
    .AddReplier<Question, Weather>("$.Weather.Ask", (question, request) => question.City == "Atlantis"
        ? throw new ErrorReplyException("NotFound", "Nobody has seen it.")
        : ValueTask.FromResult(new Weather(question.City, 21.5)))
    .AddListener<Warnings>("$.Weather.Warning.*");
using IHost host = builder.Build();
await host.StartAsync();

HostedBus bus = host.Services.GetRequiredService<HostedBus>();
Console.WriteLine(await bus.AskAsync<Question, Weather>("$.Weather.Ask", new Question("Prague")));
try
{
    await bus.AskAsync<Question, Weather>("$.Weather.Ask", new Question("Atlantis"));
}
catch (ErrorReplyException e)
{
    Console.WriteLine(e.Error.Code);
}

await host.StopAsync();

internal sealed class Warnings : IListener
{
    public ValueTask ReceiveAsync(Delivery message)
    {
        Console.WriteLine(message.Message);
        return ValueTask.CompletedTask;
    }
}

internal sealed record Question(string City);

internal sealed record Weather(string City, double Celsius);

[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Weather))]
internal sealed partial class WeatherJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Kbus;
using Kbus.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Try it, in another terminal: kbus call '$.Greeter.Greet' '{"Name":"world"}'
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddKbus(builder.Configuration.GetSection("Kbus"))
    .UseJson(GreeterJson.Default)
    .AddReplier<Greeter, Question, Greeting>("$.Greeter.Greet");
await builder.Build().RunAsync();

/// <summary>Answers Requests. One is made for each, with the services that its constructor asks for.</summary>
internal sealed class Greeter : IReplier<Question, Greeting>
{
    public ValueTask<Greeting> ReplyAsync(Question question, Delivery request)
    {
        if (question.Name.Length == 0)
        {
            // What the Ksock that asked gets as an error reply.
            throw new ErrorReplyException("NoName", "A greeting needs a name.");
        }

        return ValueTask.FromResult(new Greeting($"Hello, {question.Name}!"));
    }
}

internal sealed record Question(string Name);

internal sealed record Greeting(string Text);

[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Greeting))]
internal sealed partial class GreeterJson : JsonSerializerContext;

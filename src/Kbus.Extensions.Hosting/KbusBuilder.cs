using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Kbus.Hosting;

/// <summary>Adds handlers to a bus of a host. Each handler has a Ksock of its own, bound when the host starts.</summary>
/// <remarks>
/// A handler is a method, or a class that is made for each message with the services of its constructor. By default it handles one message after the
/// other, in the order of the bus; with a greater concurrency several at once, in no order.
/// </remarks>
public sealed class KbusBuilder
{
    private readonly string _key;

    internal KbusBuilder(IServiceCollection services, string key)
    {
        Services = services;
        _key = key;
    }

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Sets options, in addition to those of the configuration.</summary>
    /// <param name="configure">Changes them.</param>
    /// <returns>The same builder.</returns>
    public KbusBuilder Configure(Action<HostedBusOptions> configure)
    {
        _ = Services.Configure(_key, configure);
        return this;
    }

    /// <summary>Uses JSON for typed messages, by code that was generated for their types.</summary>
    /// <param name="context">Knows the types of all messages, each by a <c>[JsonSerializable(typeof(T))]</c>.</param>
    /// <returns>The same builder.</returns>
    public KbusBuilder UseJson(JsonSerializerContext context) => UseSerializer(new JsonMessageSerializer(context));

    /// <summary>Uses a serializer for typed messages.</summary>
    /// <param name="serializer">Reads and writes their data.</param>
    /// <returns>The same builder.</returns>
    public KbusBuilder UseSerializer(IMessageSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _ = Services.AddKeyedSingleton(_key, serializer);
        return this;
    }

    /// <summary>Adds a method as the replier of a name.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="reply">Gives the data of the Reply. An exception becomes an error reply.</param>
    /// <param name="concurrency">How many Requests it handles at once, at most: 1 or more.</param>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddReplier(string name, Func<Delivery, ValueTask<ReadOnlyMemory<byte>>> reply, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return Add(name, isReplier: true, concurrency, reply);
    }

    /// <summary>Adds a class as the replier of a name.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="concurrency">How many Requests it handles at once, at most: 1 or more.</param>
    /// <typeparam name="THandler">The class; it becomes a scoped service, unless it is one already.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddReplier<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(string name, int concurrency = 1)
        where THandler : class, IReplier
    {
        Services.TryAddScoped<THandler>();
        return Add(name, isReplier: true, concurrency, request => request.Services.GetRequiredService<THandler>().ReplyAsync(request));
    }

    /// <summary>Adds a method as the replier of a name, with values as data.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="reply">Gives the answer. An exception becomes an error reply, and so does data that is no such value.</param>
    /// <param name="concurrency">How many Requests it handles at once, at most: 1 or more.</param>
    /// <typeparam name="TRequest">What the data of a Request is.</typeparam>
    /// <typeparam name="TReply">What the data of the Reply is.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddReplier<TRequest, TReply>(string name, Func<TRequest, Delivery, ValueTask<TReply>> reply, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return AddTyped(name, concurrency, reply);
    }

    /// <summary>Adds a class as the replier of a name, with values as data.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="concurrency">How many Requests it handles at once, at most: 1 or more.</param>
    /// <typeparam name="THandler">The class; it becomes a scoped service, unless it is one already.</typeparam>
    /// <typeparam name="TRequest">What the data of a Request is.</typeparam>
    /// <typeparam name="TReply">What the data of the Reply is.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddReplier<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler, TRequest, TReply>(
        string name, int concurrency = 1)
        where THandler : class, IReplier<TRequest, TReply>
    {
        Services.TryAddScoped<THandler>();
        return AddTyped<TRequest, TReply>(
            name, concurrency, (question, request) => request.Services.GetRequiredService<THandler>().ReplyAsync(question, request));
    }

    /// <summary>Adds a method as a listener to a name.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="receive">Handles a message. An exception is logged.</param>
    /// <param name="concurrency">How many messages it handles at once, at most: 1 or more.</param>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddListener(string name, Func<Delivery, ValueTask> receive, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(receive);
        return Add(name, isReplier: false, concurrency, message => WithoutData(receive(message)));
    }

    /// <summary>Adds a class as a listener to a name.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="concurrency">How many messages it handles at once, at most: 1 or more.</param>
    /// <typeparam name="THandler">The class; it becomes a scoped service, unless it is one already.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddListener<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(string name, int concurrency = 1)
        where THandler : class, IListener
    {
        Services.TryAddScoped<THandler>();
        return AddListener(name, message => message.Services.GetRequiredService<THandler>().ReceiveAsync(message), concurrency);
    }

    /// <summary>Adds a method as a listener to a name, with values as data.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="receive">Handles a message. An exception is logged, and so is data that is no such value.</param>
    /// <param name="concurrency">How many messages it handles at once, at most: 1 or more.</param>
    /// <typeparam name="TMessage">What the data of a message is.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddListener<TMessage>(string name, Func<TMessage, Delivery, ValueTask> receive, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(receive);
        return Add(
            name, isReplier: false, concurrency, message => WithoutData(receive(Read<TMessage>(SerializerOf(message), message.Message), message)), isTyped: true);
    }

    /// <summary>Adds a class as a listener to a name, with values as data.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="concurrency">How many messages it handles at once, at most: 1 or more.</param>
    /// <typeparam name="THandler">The class; it becomes a scoped service, unless it is one already.</typeparam>
    /// <typeparam name="TMessage">What the data of a message is.</typeparam>
    /// <returns>The same builder.</returns>
    public KbusBuilder AddListener<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler, TMessage>(
        string name, int concurrency = 1)
        where THandler : class, IListener<TMessage>
    {
        Services.TryAddScoped<THandler>();
        return AddListener<TMessage>(name, (value, message) => message.Services.GetRequiredService<THandler>().ReceiveAsync(value, message), concurrency);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> WithoutData(ValueTask handling)
    {
        await handling.ConfigureAwait(false);
        return default;
    }

    private static T Read<T>(IMessageSerializer serializer, Message message)
    {
        try
        {
            return serializer.Read<T>(message.Data.Span);
        }
        catch (FormatException e)
        {
            throw new UnreadableDataException(e.Message, e);
        }
    }

    private KbusBuilder AddTyped<TRequest, TReply>(string name, int concurrency, Func<TRequest, Delivery, ValueTask<TReply>> reply) =>
        Add(name, isReplier: true, concurrency, async request =>
        {
            IMessageSerializer serializer = SerializerOf(request);
            TReply answer = await reply(Read<TRequest>(serializer, request.Message), request).ConfigureAwait(false);
            return TypedMessages.Write(serializer, answer);
        }, isTyped: true);

    private KbusBuilder Add(
        string name, bool isReplier, int concurrency, Func<Delivery, ValueTask<ReadOnlyMemory<byte>>> handle, bool isTyped = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        _ = Services.AddSingleton(new Handler(_key, name, isReplier, concurrency, handle, isTyped));
        return this;
    }

    private IMessageSerializer SerializerOf(Delivery delivery) => delivery.Services.GetRequiredKeyedService<HostedBus>(_key).Serializer;
}

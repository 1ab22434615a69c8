namespace Kbus.Hosting;

/// <summary>One message that a handler gets, with what belongs to it.</summary>
public sealed class Delivery
{
    internal Delivery(Message message, IServiceProvider services, CancellationToken stopping)
    {
        Message = message;
        Services = services;
        Stopping = stopping;
    }

    /// <summary>The message: for a replier always a Request, for a listener anything.</summary>
    public Message Message { get; }

    /// <summary>The services of this message: scoped ones are made for it, and disposed of when the handler has ended.</summary>
    public IServiceProvider Services { get; }

    /// <summary>Cancelled when the host stops and the time for it (<see cref="HostedBusOptions.StopTimeout"/>) is over.</summary>
    public CancellationToken Stopping { get; }
}

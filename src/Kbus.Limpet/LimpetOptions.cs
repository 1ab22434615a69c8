using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>What a Limpet does on its bus, and how far it trusts its peer.</summary>
public sealed record LimpetOptions
{
    /// <summary>The number of the bus: default 0.</summary>
    public uint Device { get; init; }

    /// <summary>The Limpet's network id: 1 or more, and different for all Limpets that can reach each other. Default 1. Spec section
    /// 12.1.</summary>
    public uint NetworkId { get; init; } = 1;

    /// <summary>The message names, with wildcards, that it listens to and carries to its peer: default all, <c>$.*</c>.</summary>
    /// <remarks>Requests are carried independently of this, because the Limpet replies to what the peer's bus replies to. See
    /// <see cref="AllowOut"/>.</remarks>
    public IReadOnlyList<string> MessageNames { get; init; } = ["$.*"];

    /// <summary>The name, without a wildcard, of a message that ends the Limpet, which listens to it besides <see cref="MessageNames"/>;
    /// it is not carried. Null (the default) for none.</summary>
    public string? TerminationMessage { get; init; }

    /// <summary>The names, with wildcards, of announcements and Requests that may leave this bus: default none listed, all may. The one
    /// word <c>none</c> lets nothing pass.</summary>
    public IReadOnlyList<string> AllowOut { get; init; } = [];

    /// <summary>The names, with wildcards, of announcements and Requests that may come to this bus: default none listed, all may. The one
    /// word <c>none</c> lets nothing pass.</summary>
    public IReadOnlyList<string> AllowIn { get; init; } = [];

    /// <summary>The network ids, besides the peer's own, that messages from the peer may have: those of the buses behind it. Null (the
    /// default) for any.</summary>
    /// <remarks>A message from any other network ends the link. An empty list is right for a peer with no Limpets behind it.</remarks>
    public IReadOnlyList<NetworkRange>? PeerNetworks { get; init; }

    /// <summary>The number of messages that the Limpet's queue on the bus holds: 1 or more, default 10,000.</summary>
    public uint MaxMessages { get; init; } = 10_000;

    /// <summary>The messages that the peer may send in a second, in the mean: 100 or more, or 0 (the default) for any number. If it sends
    /// more, its messages are read more slowly.</summary>
    public int MaxRate { get; init; }

    /// <summary>The most names for which it represents repliers of the other bus: 1 or more, default 10,000. Repliers for more are not
    /// reached.</summary>
    public int MaxProxies { get; init; } = 10_000;

    /// <summary>Bytes of data of the greatest message that is taken from the peer: default and at most 64 MiB. More ends the
    /// link.</summary>
    public uint MaxData { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes that may wait to be written to the peer before the Limpet reads more slowly from the bus: default 4 MiB.</summary>
    /// <remarks>
    /// If the peer then takes nothing for a second, announcements for it are missed and Requests answered with
    /// <c>$.KBUS.RemoteError.EBUSY</c>; four times as many bytes end the link.
    /// </remarks>
    public int Backlog { get; init; } = 4 * 1024 * 1024;

    /// <summary>The time for which the peer may take nothing at all while something waits for it: default 30 seconds. Then the link
    /// ends.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time without any sign of life of the other machine, not even of its kernel, after which the link ends: 4 seconds to
    /// an hour, default 30 seconds.</summary>
    /// <remarks>TCP's own keep-alive and TCP_USER_TIMEOUT see to it, in whole seconds. Only <see cref="LimpetClient"/> and
    /// <see cref="LimpetServer"/> heed it.</remarks>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time limit of the greeting, and with TLS of its handshake: default 10 seconds.</summary>
    public TimeSpan GreetingLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the Limpet has the process give memory back to the system some seconds after the last long message from the peer:
    /// default false. It costs the process a pause of some milliseconds.</summary>
    /// <remarks>For a process that does nothing else. A program with other work leaves that to the runtime.</remarks>
    public bool GivesMemoryBack { get; init; }

    /// <summary>Opens the Limpet's Ksock, for reading and writing; null (the default) to open <see cref="Device"/> with
    /// <see cref="Ksock"/>.</summary>
    public Func<Ksock>? OpenKsock { get; init; }

    /// <summary>How the Ksock is opened; null for the usual way.</summary>
    public KsockOptions? Ksock { get; init; }

    /// <summary>Receives, from any thread, what people should know: one sentence each. By default they are discarded.</summary>
    public Action<string> Tell { get; init; } = static _ => { };

    /// <summary>Receives the same sentences with their levels, for a log. Default null.</summary>
    public Action<LimpetLogLevel, string>? Log { get; init; }

    /// <summary>Receives, from any thread, each link that a <see cref="LimpetClient"/> or <see cref="LimpetServer"/> has made. Default
    /// null.</summary>
    public Action<Limpet>? Linked { get; init; }

    /// <summary>Receives each message that passes, from any thread. With null, the default, Limpets are faster.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>The source of time: default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Validates the options.</summary>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfZero(NetworkId);
        ArgumentOutOfRangeException.ThrowIfZero(MaxMessages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxData, 64u * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxProxies, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Backlog, 1);
        if (MaxRate is not 0 and < 100)
        {
            throw new ArgumentException($"a rate of {MaxRate} messages a second is too low; it is 100 or more, or 0 for any");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(SilenceLimit, TimeSpan.FromSeconds(4));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SilenceLimit, TimeSpan.FromHours(1));
        if (TerminationMessage is { } last && !MessageName.IsSendable(Encoding.UTF8.GetBytes(last)))
        {
            throw new ArgumentException($"\"{last}\" is not a message name that can end a Limpet; a wildcard cannot");
        }

        _ = MessageNames is [NameList.Nothing] ? throw new ArgumentException($"\"{NameList.Nothing}\" is not a message name to listen to") : new NameList(MessageNames);
        _ = new NameList(AllowOut);
        _ = new NameList(AllowIn);
    }

    /// <summary>Whether the other says the same, as far as a file of options can say it.</summary>
    internal bool IsSameAs(LimpetOptions other) =>
        (Device, NetworkId, TerminationMessage, MaxMessages, MaxProxies, MaxData) == (other.Device, other.NetworkId, other.TerminationMessage, other.MaxMessages, other.MaxProxies, other.MaxData)
        && (Backlog, MaxRate, StallLimit, SilenceLimit, GreetingLimit) == (other.Backlog, other.MaxRate, other.StallLimit, other.SilenceLimit, other.GreetingLimit)
        && MessageNames.SequenceEqual(other.MessageNames)
        && AllowIn.SequenceEqual(other.AllowIn)
        && AllowOut.SequenceEqual(other.AllowOut)
        && (PeerNetworks ?? [NetworkRange.Any]).SequenceEqual(other.PeerNetworks ?? [NetworkRange.Any]);

    /// <summary>Passes a sentence on to <see cref="Tell"/> and <see cref="Log"/>.</summary>
    internal void Say(LimpetLogLevel level, string sentence)
    {
        Tell(sentence);
        Log?.Invoke(level, sentence);
    }

    /// <summary>Opens a Ksock for the Limpet as the options say.</summary>
    public Ksock Open() => OpenKsock is { } open ? open() : Kbus.Ksock.Open(Device, KsockMode.ReadWrite, (Ksock ?? KsockOptions.Default) with { PostsMuch = true });
}

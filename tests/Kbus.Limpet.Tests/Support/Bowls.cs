using System.Collections.Concurrent;
using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

/// <summary>Some buses in this process and the Limpets between them.</summary>
internal sealed class Bowls : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly ITestBuses _buses;
    private readonly List<IDisposable> _open = [];

    /// <summary>Makes the buses, numbered from 0.</summary>
    /// <param name="count">How many.</param>
    /// <param name="limits">Their limits.</param>
    /// <param name="isLinked">Whether a kbusd has them, and Ksocks reach them by links; else they are Ksocks' own to call.</param>
    public Bowls(int count, BusOptions? limits = null, bool isLinked = false) => _buses = isLinked
        ? new LinkedBuses(limits ?? new BusOptions(), count)
        : new EmbeddedBuses(new EmbeddedKbus(limits, count));

    /// <summary>How the Limpets are connected.</summary>
    public Way Way { get; init; }

    /// <summary>What the Limpets told.</summary>
    public ConcurrentQueue<string> Told { get; } = [];

    /// <summary>Opens a Ksock of a fish.</summary>
    public Ksock Open(uint bus) => Keep(OpenOn(bus));

    /// <summary>Opens a Ksock and binds it.</summary>
    public Ksock Bound(uint bus, string name, bool replier = false)
    {
        Ksock ksock = Open(bus);
        ksock.Bind(name, replier);
        return ksock;
    }

    /// <summary>The options of a Limpet on a bus.</summary>
    public LimpetOptions Options(uint bus, uint networkId) => new()
    {
        Device = bus,
        NetworkId = networkId,
        OpenKsock = () => OpenOn(bus),
        Tell = Told.Enqueue,
    };

    /// <summary>Puts a pair of Limpets between two buses.</summary>
    public (Limpet One, Limpet Other) Join(uint bus, uint networkId, uint otherBus, uint otherNetworkId) =>
        Join(Options(bus, networkId), Options(otherBus, otherNetworkId));

    /// <summary>Puts a pair of Limpets between two buses.</summary>
    public (Limpet One, Limpet Other) Join(LimpetOptions one, LimpetOptions other)
    {
        (Stream stream, Stream otherStream) = StreamPair.Make(Way);
        Task<Limpet> attaching = Task.Run(() => Keep(Limpet.Attach(stream, one)));
        Limpet second = Keep(Limpet.Attach(otherStream, other));
        return (attaching.GetAwaiter().GetResult(), second);
    }

    /// <summary>Attaches a Limpet to a stream whose other end is a peer that says what a test wants.</summary>
    public (Limpet Limpet, RawPeer Peer) Attach(LimpetOptions options, uint networkId) => RawPeer.Attach(options, networkId, Way);

    /// <summary>Waits until a Request of this name has a replier on a bus.</summary>
    public void AwaitReplier(uint bus, string name) => AwaitThat(bus, k => k.FindReplierFor(name) is not null, $"a replier for {name}");

    /// <summary>Waits until a Request of this name has no replier on a bus.</summary>
    public void AwaitNoReplier(uint bus, string name) => AwaitThat(bus, k => k.FindReplierFor(name) is null, $"no replier for {name}");

    /// <summary>Waits until a Limpet has told something that contains this: what a peer sees may come before it.</summary>
    public void AwaitTold(string text) => Assert.True(
        SpinWait.SpinUntil(() => Told.Any(t => t.Contains(text, StringComparison.Ordinal)), Limit),
        $"nobody told \"{text}\", but: {string.Join(" / ", Told)}");

    /// <summary>The next message, which must come.</summary>
    public static Message Next(Ksock ksock) => ksock.WaitForMessage(Limit) ?? throw new TimeoutException($"{ksock} got nothing");

    /// <summary>Ends all.</summary>
    public void Dispose()
    {
        _open.Reverse();
        _open.ForEach(o => o.Dispose());
        _buses.Dispose();
    }

    private Ksock OpenOn(uint bus) => _buses.Open(bus, KsockMode.ReadWrite, new KsockOptions());

    private T Keep<T>(T opened)
        where T : IDisposable
    {
        lock (_open)
        {
            _open.Add(opened);
        }

        return opened;
    }

    private void AwaitThat(uint bus, Func<Ksock, bool> holds, string what)
    {
        using Ksock ksock = OpenOn(bus);
        if (!SpinWait.SpinUntil(() => holds(ksock), Limit))
        {
            throw new TimeoutException($"bus {bus} has not come to have {what}: {string.Join(" / ", Told)}");
        }
    }
}

using BenchmarkDotNet.Attributes;
using Kbus.Core;

namespace Kbus.Micro;

/// <summary>The bus itself: operations on its state, nothing carried anywhere. Messages of 64 bytes.</summary>
public class CoreBenchmarks
{
    private static readonly byte[] Data = new byte[64];
    private readonly Bus _bus = new(new BusOptions());
    private readonly KsockState _sender;
    private readonly KsockState _replier;

    public CoreBenchmarks()
    {
        _sender = _bus.Open(canWrite: true, new NoCarrier());
        _replier = _bus.Open(canWrite: true, new NoCarrier());
        _bus.Bind(_replier, "$.Tell"u8, isReplier: false);
        _bus.Bind(_replier, "$.Ask"u8, isReplier: true);
    }

    /// <summary>An announcement with one listener, sent and taken.</summary>
    [Benchmark]
    public void Announce()
    {
        _bus.Send(_sender, _bus.Pool.Compose(default, "$.Tell"u8, Data), out _);
        Take(_replier, out _);
    }

    /// <summary>A Request, sent and taken, and its Reply, sent and taken.</summary>
    [Benchmark]
    public void RequestAndReply()
    {
        _bus.Send(_sender, _bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.WantAReply }, "$.Ask"u8, Data), out _);
        Take(_replier, out MessageId id);
        _bus.Send(_replier, _bus.Pool.Compose(new MessageHeader { InReplyTo = id, To = _sender.Id }, "$.Ask"u8, Data), out _);
        Take(_sender, out _);
    }

    /// <summary>A Request that nobody is bound to reply to: refused.</summary>
    [Benchmark]
    public void RefusedRequest() =>
        _bus.Send(_sender, _bus.Pool.Compose(new MessageHeader { Flags = MessageFlags.WantAReply }, "$.Nobody"u8, Data), out _);

    private void Take(KsockState ksock, out MessageId id)
    {
        _bus.Take(ksock, out DeliveredMessage delivered);
        id = delivered.Message.Header.Id;
        delivered.Message.Release();
    }
}

using BenchmarkDotNet.Attributes;

namespace Kbus.Micro;

/// <summary>The library over a bus in this process (B8). Messages of 64 bytes.</summary>
public class EmbeddedBenchmarks : IDisposable
{
    private static readonly byte[] Data = new byte[64];
    private readonly EmbeddedKbus _kbus = new();
    private readonly Ksock _sender;
    private readonly Ksock _listener;
    private readonly MessageBuffer _buffer = new();

    public EmbeddedBenchmarks()
    {
        _sender = _kbus.Open();
        _listener = _kbus.Open();
        _listener.Bind("$.Tell");
        _listener.Bind("$.Ask", replier: true);
    }

    /// <summary>An announcement, sent and taken.</summary>
    [Benchmark]
    public bool SendAndTake()
    {
        _sender.Send("$.Tell"u8, Data);
        return _listener.TryReadNext(_buffer);
    }

    /// <summary>An announcement, sent and taken as an object.</summary>
    [Benchmark]
    public Message? SendAndTakeObject()
    {
        _sender.Send("$.Tell"u8, Data);
        return _listener.ReadNextMessage();
    }

    /// <summary>A Request, sent and taken, and its Reply, sent and taken.</summary>
    [Benchmark]
    public bool RequestAndReply()
    {
        _sender.Send("$.Ask"u8, Data, MessageFlags.WantAReply);
        _listener.TryReadNext(_buffer);
        _listener.Reply(_buffer, Data);
        return _sender.TryReadNext(_buffer);
    }

    public void Dispose()
    {
        _buffer.Dispose();
        _kbus.Dispose();
        GC.SuppressFinalize(this);
    }
}

using BenchmarkDotNet.Attributes;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Micro;

/// <summary>The rings of a link, both sides in one thread: what writing, publishing, reading and giving room back cost. Records of 160 bytes.</summary>
public class RingBenchmarks : IDisposable
{
    private const int RecordLength = 160;
    private readonly SharedMemory _bus;
    private readonly SharedMemory _client;
    private readonly CommandProducer _commands;
    private readonly CommandConsumer _executed;
    private readonly DeliveryProducer _deliveries;
    private readonly DeliveryConsumer _taken;
    private readonly byte[] _copy = new byte[RecordLength];

    public RingBenchmarks()
    {
        LinkLayout layout = LinkLayout.Default;
        if (SharedMemory.Create(layout, 1, 0, out SharedMemory? bus, out Descriptor? file) < 0
            || SharedMemory.Map(file!, layout, out SharedMemory? client) < 0)
        {
            throw new InvalidOperationException("There is no shared memory.");
        }

        file!.Dispose();
        _bus = bus!;
        _client = client!;
        _commands = new CommandProducer(_client);
        _executed = new CommandConsumer(_bus);
        _deliveries = new DeliveryProducer(_bus);
        _taken = new DeliveryConsumer(_client);
    }

    /// <summary>A command from a process to the bus.</summary>
    [Benchmark]
    public void Command()
    {
        _commands.TryBegin(RecordLength, out Span<byte> target);
        _copy.CopyTo(target);
        _commands.Commit(1, 0, 1);
        _executed.TryRead(out _, out ReadOnlySpan<byte> body);
        body.CopyTo(_copy);
        _executed.Advance();
    }

    /// <summary>A message from the bus to a process.</summary>
    [Benchmark]
    public void Delivery()
    {
        _deliveries.TryAppend(RecordLength, 1, out Span<byte> target);
        _copy.CopyTo(target);
        _deliveries.Publish();
        _taken.TryTakeInto(_copy, out _, out _);
        _deliveries.TryObserve(out _);
    }

    /// <summary>Puts an urgent message in front of another, and takes both.</summary>
    [Benchmark]
    public void UrgentDelivery()
    {
        _deliveries.TryAppend(RecordLength, 1, out Span<byte> target);
        _copy.CopyTo(target);
        _deliveries.Publish();
        _deliveries.TryBeginRewrite();
        _deliveries.TryPrepend(RecordLength, 1, out target);
        _copy.CopyTo(target);
        _deliveries.TryEndRewrite();
        _taken.TryTakeInto(_copy, out _, out _);
        _taken.TryTakeInto(_copy, out _, out _);
        _deliveries.TryObserve(out _);
    }

    public void Dispose()
    {
        _bus.Dispose();
        _client.Dispose();
        GC.SuppressFinalize(this);
    }
}

using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Kbus.Core;

namespace Kbus.Micro;

/// <summary>Finding who gets a message, on buses with few and with many bindings (B7). One listener matches.</summary>
public class NameBenchmarks
{
    private static readonly byte[] Name = "$.Sensor.Kitchen.Temperature"u8.ToArray();
    private readonly Bus _bus = new(new BusOptions());
    private BindingTable _table = null!;
    private KsockState _ksock = null!;

    /// <summary>How many bindings there are, each of another name.</summary>
    [Params(10, 1_000, 100_000)]
    public int Bindings { get; set; }

    [GlobalSetup]
    public void Bind()
    {
        _table = new BindingTable(seed: 1);
        _ksock = _bus.Open(canWrite: true, new NoCarrier());
        _table.Add(_ksock, "$.Sensor.*"u8, isReplier: false);
        for (int i = 1; i < Bindings; i++)
        {
            _table.Add(_ksock, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"$.Other{i}.Name")), isReplier: i % 2 == 0);
        }
    }

    /// <summary>The name was sent before.</summary>
    [Benchmark]
    public object KnownName() => _table.RouteOf(Name);

    /// <summary>A binding has come and gone since the name was sent last, so its listeners are worked out anew.</summary>
    [Benchmark]
    public object NameAfterABinding()
    {
        _table.Remove(_table.Add(_ksock, "$.Passing"u8, isReplier: false));
        return _table.RouteOf(Name);
    }

    /// <summary>Whether a message may have this name.</summary>
    [Benchmark]
    public bool Check() => MessageName.IsSendable(Name);
}

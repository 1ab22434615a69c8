using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kbus.Replay;

/// <summary>Traces through the library and a real <c>kbusd</c>, one process for each trace.</summary>
internal sealed class KbusdHostFactory : ITraceHostFactory
{
    public string Name => "kbusd";

    public string Description => "the .NET library over links to a kbusd process";

    public ITraceHost Start(TraceMeta meta) => new KbusdHost(meta);
}

/// <summary>The same, through a log: each bus is a replica.</summary>
internal sealed class SequencedHostFactory : ITraceHostFactory
{
    public string Name => "sequenced";

    public string Description => "the same, with each bus as a replica that is fed by a log in memory";

    public ITraceHost Start(TraceMeta meta) => new KbusdHost(meta, isSequenced: true);
}

/// <summary>A daemon of its own, in a directory of its own.</summary>
internal sealed class KbusdHost : LibraryHost
{
    private readonly DaemonProcess _daemon;
    private readonly KsockOptions _options;

    public KbusdHost(TraceMeta meta, bool isSequenced = false)
    {
        _daemon = DaemonProcess.Start(isSequenced, [.. meta.DaemonOptions]);
        _options = new KsockOptions { RuntimeDirectory = _daemon.Directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) };
    }

    public override HostResult<IReadOnlyList<BindingLine>> ProcBindings()
    {
        using var control = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        control.Connect(new UnixDomainSocketEndPoint(Path.Join(_daemon.Directory, "control")));
        using var stream = new NetworkStream(control);
        stream.Write("status\n"u8);
        using JsonDocument status = JsonDocument.Parse(stream);
        List<(ulong Order, BindingLine Line)> lines = [];
        foreach (JsonElement bus in status.RootElement.GetProperty("buses").EnumerateArray())
        {
            uint number = bus.GetProperty("bus").GetUInt32();
            List<(ulong Order, BindingLine Line)> ofBus = [];
            foreach (JsonElement ksock in bus.GetProperty("ksocks").EnumerateArray())
            {
                foreach (JsonElement binding in ksock.GetProperty("bindings").EnumerateArray())
                {
                    byte[] name = Encoding.ASCII.GetBytes(binding.GetProperty("name").GetString()!);
                    var line = new BindingLine(number, ksock.GetProperty("id").GetUInt32(), binding.GetProperty("replier").GetBoolean(), name);
                    ofBus.Add((binding.GetProperty("order").GetUInt64(), line));
                }
            }

            lines.AddRange(ofBus.OrderByDescending(b => b.Order));
        }

        return lines.ConvertAll(l => l.Line);
    }

    public override void Dispose()
    {
        base.Dispose();
        _daemon.Dispose();
    }

    protected override Ksock Open(uint bus, KsockMode mode) => Ksock.Open(bus, mode, _options);
}

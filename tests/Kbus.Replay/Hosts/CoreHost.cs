using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Replay;

/// <summary>Traces on buses in this process, with nothing between the player and the bus.</summary>
internal sealed class CoreHostFactory : ITraceHostFactory
{
    public string Name => "core";

    public string Description => "the bus itself, in this process";

    public ITraceHost Start(TraceMeta meta) => new CoreHost(meta);
}

/// <summary>A set of buses and the handles that are open on them.</summary>
internal sealed class CoreHost : ITraceHost
{
    private readonly BusOptions _options;
    private readonly List<Bus> _buses = [];
    private readonly Dictionary<int, (Bus Bus, KsockFile Ksock)> _handles = [];
    private readonly List<IntPtr> _pointed = [];

    public CoreHost(TraceMeta meta)
    {
        _options = new BusOptions
        {
            DefaultMaxMessages = meta.DefaultMaxMessages,
            AbsoluteMaxMessageSize = meta.AbsoluteMaxMessageSize,
            DefaultMaxMessageSize = meta.DefaultMaxMessageSize,
            MaxSetAsideEvents = (uint)meta.MaxSetAsideEvents,
        };
        for (int i = 0; i < meta.Devices; i++)
        {
            _buses.Add(new Bus(_options));
        }
    }

    public HostResult<uint> Open(int handle, uint bus, string mode)
    {
        if (bus >= _buses.Count)
        {
            return Errno.ENOENT;
        }

        KsockMode opened = mode switch { "r" => KsockMode.Read, "w" => KsockMode.Write, _ => KsockMode.ReadWrite };
        var ksock = new KsockFile(_buses[(int)bus], opened, new QuietCarrier(), new PointedMemory());
        _handles[handle] = (_buses[(int)bus], ksock);
        return ksock.State.Id;
    }

    public Errno Close(int handle)
    {
        _handles[handle].Ksock.Close();
        _handles.Remove(handle);
        return Errno.None;
    }

    public Errno Bind(int handle, byte[] name, uint replier) => _handles[handle].Bus.Bind(State(handle), name, replier != 0);

    public Errno Unbind(int handle, byte[] name, uint replier) => _handles[handle].Bus.Unbind(State(handle), name, replier != 0);

    public HostResult<uint> KsockId(int handle) => State(handle).Id;

    public HostResult<FoundReplier> FindReplier(int handle, byte[] name)
    {
        Errno error = _handles[handle].Bus.FindReplier(name, isMatching: false, out uint id);
        return error == Errno.None ? new FoundReplier(id == 0 ? 0 : 1, id) : error;
    }

    public HostResult<int> Write(int handle, byte[] bytes)
    {
        Errno error = _handles[handle].Ksock.Write(bytes);
        return error == Errno.None ? bytes.Length : error;
    }

    public HostResult<int> WritePointy(int handle, TraceMessage message)
    {
        IntPtr name = Point([.. message.Name, 0]);
        IntPtr data = message.Data.Length == 0 ? 0 : Point(message.Data);
        return Write(handle, WireForm.Header(message, (ulong)name, (ulong)data));
    }

    public SendResult Send(int handle)
    {
        Errno error = _handles[handle].Ksock.Send(out MessageId id);
        return new SendResult(error, error is Errno.None or Errno.EAGAIN ? id : null);
    }

    public Errno Discard(int handle)
    {
        _handles[handle].Ksock.Discard();
        return Errno.None;
    }

    public Errno Reset(int handle) => Errno.None;

    public HostResult<NextMessage> NextMsg(int handle)
    {
        uint length = _handles[handle].Ksock.NextMessage();
        return new NextMessage(length == 0 ? 0 : 1, length);
    }

    public HostResult<byte[]> Read(int handle, int count)
    {
        byte[] bytes = new byte[count];
        Errno error = _handles[handle].Ksock.Read(bytes, out int read);
        return error == Errno.None ? bytes[..read] : error;
    }

    public HostResult<uint> LenLeft(int handle) => _handles[handle].Ksock.LengthLeft;

    public HostResult<MessageId> LastSent(int handle) => State(handle).LastSent;

    public HostResult<uint> NumMsgs(int handle) => _handles[handle].Bus.NumMessages(State(handle));

    public HostResult<uint> UnrepliedTo(int handle) => _handles[handle].Bus.UnrepliedTo(State(handle));

    public HostResult<uint> MaxMsgs(int handle, uint value) => _handles[handle].Bus.MaxMessages(State(handle), value);

    public HostResult<uint> OnlyOnce(int handle, uint value) => Valued(Bus.OnlyOnce(State(handle), value, out uint previous), previous);

    public HostResult<uint> ReportBinds(int handle, uint value) =>
        Valued(_handles[handle].Bus.ReportReplierBinds(State(handle), value, out uint previous), previous);

    public HostResult<uint> Verbose(int handle, uint value) => Valued(_handles[handle].Bus.Verbose(value, out uint previous), previous);

    public HostResult<uint> MaxMsgSize(int handle, uint value) =>
        Valued(_handles[handle].Bus.LimitMessageSize(value, out uint current), current);

    public HostResult<uint> NewDevice(int handle)
    {
        _buses.Add(new Bus(_options));
        return (uint)_buses.Count - 1;
    }

    public HostResult<Readiness> Poll(int handle)
    {
        (bool readable, bool writable) = _handles[handle].Bus.Poll(State(handle));
        return new Readiness(readable, writable);
    }

    public HostResult<IReadOnlyList<BindingLine>> ProcBindings()
    {
        List<BindingLine> lines = [];
        for (int i = 0; i < _buses.Count; i++)
        {
            lines.AddRange(_buses[i].Bindings.Select(b => new BindingLine((uint)i, b.Ksock.Id, b.IsReplier, b.Name.Name)));
        }

        return lines;
    }

    public void Dispose()
    {
        foreach ((_, KsockFile ksock) in _handles.Values)
        {
            ksock.Close();
        }

        _handles.Clear();
        _pointed.ForEach(Marshal.FreeHGlobal);
        _pointed.Clear();
        foreach (Bus bus in _buses)
        {
            if (bus.Pool.Lent != 0)
            {
                throw new InvalidOperationException($"{bus.Pool.Lent} messages were never given back to their pool.");
            }
        }
    }

    private static HostResult<uint> Valued(Errno error, uint value) => error == Errno.None ? value : error;

    private KsockState State(int handle) => _handles[handle].Ksock.State;

    private IntPtr Point(byte[] bytes)
    {
        IntPtr place = Marshal.AllocHGlobal(bytes.Length);
        Marshal.Copy(bytes, 0, place, bytes.Length);
        _pointed.Add(place);
        return place;
    }

    /// <summary>The player looks for itself; nobody needs to be told.</summary>
    private sealed class QuietCarrier : QueueCarrier
    {
        public override void RetryWorthwhile()
        {
        }
    }

    /// <summary>Pointers of this process, known to be good.</summary>
    private sealed class PointedMemory : CallerMemory
    {
        public override unsafe bool TryRead(ulong address, Span<byte> target)
        {
            new ReadOnlySpan<byte>((void*)address, target.Length).CopyTo(target);
            return true;
        }
    }
}

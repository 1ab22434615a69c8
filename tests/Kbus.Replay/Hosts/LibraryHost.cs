using System.Runtime.InteropServices;

namespace Kbus.Replay;

/// <summary>Traces through the .NET library's bare level; where the buses are, the derived host says.</summary>
internal abstract class LibraryHost : ITraceHost
{
    private readonly Dictionary<int, Ksock> _handles = [];
    private readonly List<IntPtr> _pointed = [];

    public HostResult<uint> Open(int handle, uint bus, string mode)
    {
        try
        {
            Ksock ksock = Open(bus, mode switch { "r" => KsockMode.Read, "w" => KsockMode.Write, _ => KsockMode.ReadWrite });
            _handles[handle] = ksock;
            return ksock.Id;
        }
        catch (KbusException e)
        {
            return e.Errno;
        }
    }

    public Errno Close(int handle)
    {
        _handles[handle].Dispose();
        _handles.Remove(handle);
        return Errno.None;
    }

    public Errno Bind(int handle, byte[] name, uint replier) => Bare(handle).Bind(name, replier != 0);

    public Errno Unbind(int handle, byte[] name, uint replier) => Bare(handle).Unbind(name, replier != 0);

    public HostResult<uint> KsockId(int handle) => _handles[handle].Id;

    public HostResult<FoundReplier> FindReplier(int handle, byte[] name)
    {
        Errno error = Bare(handle).FindReplier(name, out uint id);
        return error == Errno.None ? new FoundReplier(id == 0 ? 0 : 1, id) : error;
    }

    public HostResult<int> Write(int handle, byte[] bytes) => Valued(Bare(handle).Write(bytes), bytes.Length);

    public HostResult<int> WritePointy(int handle, TraceMessage message)
    {
        IntPtr name = Point([.. message.Name, 0]);
        IntPtr data = message.Data.Length == 0 ? 0 : Point(message.Data);
        return Write(handle, WireForm.Header(message, (ulong)name, (ulong)data));
    }

    public SendResult Send(int handle)
    {
        Errno error = Bare(handle).Send(out MessageId id);
        return new SendResult(error, error is Errno.None or Errno.EAGAIN ? id : null);
    }

    public Errno Discard(int handle) => Bare(handle).Discard();

    public Errno Reset(int handle) => Errno.None;

    public HostResult<NextMessage> NextMsg(int handle)
    {
        Errno error = Bare(handle).NextMessage(out int length);
        return Valued(error, new NextMessage(length == 0 ? 0 : 1, (uint)length));
    }

    public HostResult<byte[]> Read(int handle, int count)
    {
        byte[] bytes = new byte[count];
        Errno error = Bare(handle).Read(bytes, out int read);
        return Valued(error, bytes[..read]);
    }

    public HostResult<uint> LenLeft(int handle) => (uint)Bare(handle).LengthLeft;

    public HostResult<MessageId> LastSent(int handle) => Valued(Bare(handle).LastSent(out MessageId id), id);

    public HostResult<uint> NumMsgs(int handle) => Valued(Bare(handle).NumMessages(out uint count), count);

    public HostResult<uint> UnrepliedTo(int handle) => Valued(Bare(handle).UnrepliedTo(out uint count), count);

    public HostResult<uint> MaxMsgs(int handle, uint value) => Valued(Bare(handle).MaxMessages(value, out uint inForce), inForce);

    public HostResult<uint> OnlyOnce(int handle, uint value) => Valued(Bare(handle).OnlyOnce(value, out uint previous), previous);

    public HostResult<uint> ReportBinds(int handle, uint value) => Valued(Bare(handle).ReportReplierBinds(value, out uint previous), previous);

    public HostResult<uint> Verbose(int handle, uint value) => Valued(Bare(handle).Verbose(value, out uint previous), previous);

    public HostResult<uint> MaxMsgSize(int handle, uint value) => Valued(Bare(handle).MaxMessageSize(value, out uint current), current);

    public HostResult<uint> NewDevice(int handle) => Valued(Bare(handle).NewDevice(out uint number), number);

    public HostResult<Readiness> Poll(int handle) =>
        Valued(Bare(handle).Poll(out bool readable, out bool writable), new Readiness(readable, writable));

    public abstract HostResult<IReadOnlyList<BindingLine>> ProcBindings();

    public virtual void Dispose()
    {
        foreach (Ksock ksock in _handles.Values)
        {
            ksock.Dispose();
        }

        _handles.Clear();
        _pointed.ForEach(Marshal.FreeHGlobal);
        _pointed.Clear();
    }

    /// <summary>Opens a Ksock on a bus of this host.</summary>
    protected abstract Ksock Open(uint bus, KsockMode mode);

    private static HostResult<T> Valued<T>(Errno error, T value) => error == Errno.None ? value : error;

    private BareKsock Bare(int handle) => _handles[handle].Bare;

    private IntPtr Point(byte[] bytes)
    {
        IntPtr place = Marshal.AllocHGlobal(bytes.Length);
        Marshal.Copy(bytes, 0, place, bytes.Length);
        _pointed.Add(place);
        return place;
    }
}

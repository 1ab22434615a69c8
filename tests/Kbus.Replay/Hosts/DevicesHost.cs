using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Replay;

/// <summary>Traces through device files with plain system calls, one <c>kbusd</c> for each trace.</summary>
internal sealed class DevicesHostFactory : ITraceHostFactory
{
    public string Name => "devices";

    public string Description => "the device files of a kbusd process, with plain system calls";

    public string? WhyNot => DeviceSupport.WhyNot;

    public ITraceHost Start(TraceMeta meta) => new DevicesHost(meta);
}

/// <summary>The same, through a log: each bus is a replica.</summary>
internal sealed class SequencedDevicesHostFactory : ITraceHostFactory
{
    public string Name => "sequenced-devices";

    public string Description => "the same, with each bus as a replica that is fed by a log in memory";

    public string? WhyNot => DeviceSupport.WhyNot;

    public ITraceHost Start(TraceMeta meta) => new DevicesHost(meta, isSequenced: true);
}

/// <summary>Device files of a daemon of its own, and the descriptors that are open on them.</summary>
internal sealed class DevicesHost : ITraceHost
{
    // _IOC(direction, 'k', number, size of a pointer)
    private const uint Out = 0x80086B00, In = 0x40086B00, InOut = 0xC0086B00, Plain = 0x00006B00;
    private const short PollIn = 1, PollOut = 4;

    private readonly DaemonProcess _daemon;
    private readonly Dictionary<int, int> _files = [];
    private readonly List<IntPtr> _pointed = [];

    public DevicesHost(TraceMeta meta, bool isSequenced = false) =>
        _daemon = DaemonProcess.Start(isSequenced, [.. meta.DaemonOptions, "--devices"]);

    public bool CanWriteNothing => false;

    public HostResult<uint> Open(int handle, uint bus, string mode)
    {
        int file = PlainCalls.Open(Path.Join(_daemon.Directory, "dev", $"kbus{bus}"), mode switch { "r" => 0, "w" => 1, _ => 2 });
        if (file < 0)
        {
            return (Errno)(-file);
        }

        _files[handle] = file;
        return KsockId(handle);
    }

    public Errno Close(int handle)
    {
        _files.Remove(handle, out int file);
        return Error(PlainCalls.Close(file));
    }

    public Errno Bind(int handle, byte[] name, uint replier) => Error(OfName(handle, In | 2, replier, name, out _));

    public Errno Unbind(int handle, byte[] name, uint replier) => Error(OfName(handle, In | 3, replier, name, out _));

    public HostResult<uint> KsockId(int handle) => Word(handle, Out | 4);

    public HostResult<FoundReplier> FindReplier(int handle, byte[] name)
    {
        int result = OfName(handle, InOut | 5, 0, name, out uint id);
        return result < 0 ? Error(result) : new FoundReplier(result, id);
    }

    public HostResult<int> Write(int handle, byte[] bytes)
    {
        int result = PlainCalls.Write(_files[handle], bytes);
        return result < 0 ? Error(result) : result;
    }

    public HostResult<int> WritePointy(int handle, TraceMessage message)
    {
        IntPtr name = Point([.. message.Name, 0]);
        IntPtr data = message.Data.Length == 0 ? 0 : Point(message.Data);
        return Write(handle, WireForm.Header(message, (ulong)name, (ulong)data));
    }

    public SendResult Send(int handle)
    {
        Span<uint> id = stackalloc uint[2];
        Errno error = Error(PlainCalls.Ioctl(_files[handle], Out | 8, id));
        return new SendResult(error, id is [0, 0] ? null : new MessageId(id[0], id[1]));
    }

    public Errno Discard(int handle) => Error(PlainCalls.Ioctl(_files[handle], Plain | 9, 0));

    public Errno Reset(int handle) => Error(PlainCalls.Ioctl(_files[handle], Plain | 1, 0));

    public HostResult<NextMessage> NextMsg(int handle)
    {
        Span<uint> length = stackalloc uint[2];
        int result = PlainCalls.Ioctl(_files[handle], Out | 6, length);
        return result < 0 ? Error(result) : new NextMessage(result, length[0]);
    }

    public HostResult<byte[]> Read(int handle, int count)
    {
        byte[] bytes = new byte[count];
        int result = PlainCalls.Read(_files[handle], bytes);
        return result < 0 ? Error(result) : bytes[..result];
    }

    public HostResult<uint> LenLeft(int handle) => Word(handle, Out | 7);

    public HostResult<MessageId> LastSent(int handle)
    {
        Span<uint> id = stackalloc uint[2];
        int result = PlainCalls.Ioctl(_files[handle], Out | 10, id);
        return result < 0 ? Error(result) : new MessageId(id[0], id[1]);
    }

    public HostResult<uint> NumMsgs(int handle) => Word(handle, Out | 12);

    public HostResult<uint> UnrepliedTo(int handle) => Word(handle, Out | 13);

    public HostResult<uint> MaxMsgs(int handle, uint value) => Word(handle, InOut | 11, value);

    public HostResult<uint> OnlyOnce(int handle, uint value) => Word(handle, InOut | 14, value);

    public HostResult<uint> ReportBinds(int handle, uint value) => Word(handle, InOut | 17, value);

    public HostResult<uint> Verbose(int handle, uint value) => Word(handle, InOut | 15, value);

    public HostResult<uint> MaxMsgSize(int handle, uint value) => Word(handle, InOut | 18, value);

    public HostResult<uint> NewDevice(int handle) => Word(handle, Out | 16);

    public HostResult<Readiness> Poll(int handle)
    {
        int events = PlainCalls.Poll(_files[handle], PollIn | PollOut, 0);
        return events < 0 ? Error(events) : new Readiness((events & PollIn) != 0, (events & PollOut) != 0);
    }

    public HostResult<IReadOnlyList<BindingLine>> ProcBindings() => File.ReadAllLines(Path.Join(_daemon.Directory, "dev", "bindings"))
        .Where(l => !l.StartsWith('#'))
        .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(f => new BindingLine(
            uint.Parse(f[0].TrimEnd(':'), CultureInfo.InvariantCulture), uint.Parse(f[1], CultureInfo.InvariantCulture), f[3] == "R", Encoding.ASCII.GetBytes(f[4])))
        .ToList();

    public void Dispose()
    {
        foreach (int file in _files.Values)
        {
            _ = PlainCalls.Close(file);
        }

        _files.Clear();
        _pointed.ForEach(Marshal.FreeHGlobal);
        _pointed.Clear();
        _daemon.Dispose();
    }

    private static Errno Error(int result) => result < 0 ? (Errno)(-result) : Errno.None;

    private HostResult<uint> Word(int handle, uint code, uint value = 0)
    {
        // The second word is a guard: a u32 is answered with 4 bytes, and whatever the caller keeps behind it stays.
        const uint guard = 0xA5A5A5A5;
        Span<uint> words = [value, guard];
        int result = PlainCalls.Ioctl(_files[handle], code, words);
        if (words[1] != guard)
        {
            throw new InvalidOperationException($"ioctl {code:x} wrote beyond its argument.");
        }

        return result < 0 ? Error(result) : words[0];
    }

    private unsafe int OfName(int handle, uint code, uint first, byte[] name, out uint id)
    {
        fixed (byte* start = name.Length == 0 ? [0] : name)
        {
            ulong address = (ulong)start;
            Span<uint> words = [first, (uint)name.Length, (uint)address, (uint)(address >> 32)];
            int result = PlainCalls.Ioctl(_files[handle], code, words);
            id = words[0];
            return result;
        }
    }

    private IntPtr Point(byte[] bytes)
    {
        IntPtr place = Marshal.AllocHGlobal(bytes.Length);
        Marshal.Copy(bytes, 0, place, bytes.Length);
        _pointed.Add(place);
        return place;
    }
}

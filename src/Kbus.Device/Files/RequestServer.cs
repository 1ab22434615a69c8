using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Device;

/// <summary>What each request of the kernel does, and its answer; with the buffers of the one thread that serves.</summary>
/// <remarks>Every request is served within a <see cref="ServingTurn"/>.</remarks>
internal sealed unsafe class RequestServer : IDisposable
{
    // POLLIN and POLLRDNORM, POLLOUT and POLLWRNORM.
    private const uint Readable = 0x041;
    private const uint Writable = 0x104;

    // Mode, owner and group stay what the daemon was told. Lengths and times may be set, to no effect, as O_TRUNC does.
    private const int FixedAttributes = 1 | 2 | 4;

    [ThreadStatic]
    private static RequestServer? _ofThread;

    private readonly DeviceBuses _buses;
    private readonly DeviceDirectory _directory;
    private readonly KsockCalls _calls;
    private byte* _readBuffer;
    private nuint _readBufferSize;

    /// <summary>Makes the server of a thread.</summary>
    public RequestServer(DeviceBuses buses, DeviceDirectory directory, ServingTurn turn)
    {
        _buses = buses;
        _directory = directory;
        Turn = turn;
        var reader = new CallerReader(buses, turn);
        _calls = new KsockCalls(buses, reader, new FetchedMemory(reader));
    }

    /// <summary>The server of the calling thread, which is the one that libfuse calls.</summary>
    public static RequestServer OfThread
    {
        get => _ofThread!;
        set => _ofThread = value;
    }

    /// <summary>This thread's turn.</summary>
    public ServingTurn Turn { get; }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose()
    {
        NativeMemory.Free(_readBuffer);
        _readBuffer = null;
        _readBufferSize = 0;
    }

    /// <summary>A request came to an exception: it fails with EIO, and so does the bus that was being touched. Throws nothing.</summary>
    public void Fail(nint request, Exception fault)
    {
        if (fault is KsockRevokedException)
        {
            _ = LibFuse.ReplyError(request, (int)Errno.EPERM);
            return;
        }

        try
        {
            GiveUp(fault);
        }
        catch (Exception)
        {
            // There is nobody else to take it: libfuse has called. The request fails all the same.
        }

        _ = LibFuse.ReplyError(request, (int)Errno.EIO);
    }

    /// <summary>Finds a name.</summary>
    public void Lookup(nint request, ReadOnlySpan<byte> name)
    {
        ulong inode = _directory.Find(name);
        if (inode == 0)
        {
            _ = LibFuse.ReplyError(request, (int)Errno.ENOENT);
            return;
        }

        var entry = FuseEntry.Of(inode, _directory.StatusOf(inode), DeviceDirectory.Kept);
        _ = LibFuse.ReplyEntry(request, &entry);
    }

    /// <summary>Tells a file's attributes.</summary>
    public void GetAttributes(nint request, ulong inode)
    {
        FileStatus status = _directory.StatusOf(inode);
        _ = LibFuse.ReplyAttributes(request, &status, DeviceDirectory.Kept);
    }

    /// <summary>Accepts what changes nothing.</summary>
    public void SetAttributes(nint request, ulong inode, int which)
    {
        if ((which & FixedAttributes) != 0)
        {
            _ = LibFuse.ReplyError(request, (int)Errno.EPERM);
            return;
        }

        GetAttributes(request, inode);
    }

    /// <summary>Opens a Ksock, or writes a report for its reader.</summary>
    public void Open(nint request, ulong inode, ref FuseFile file)
    {
        object? opened;
        if (_directory.BusOf(inode) is { } bus)
        {
            KsockOwner owner = Openers.Of(*LibFuse.Caller(request), file.Flags);
            Identity? identity = bus.Identify(*LibFuse.Caller(request));
            Errno error = _buses.TryOpen(owner, out IDisposable? share);
            if (error != Errno.None)
            {
                _ = LibFuse.ReplyError(request, (int)error);
                return;
            }

            opened = Open(bus, owner, identity, share!);
        }
        else
        {
            List<DeviceBus> shown = Reported(*LibFuse.Caller(request));
            byte[] report = inode == DeviceDirectory.Stats ? StatsReport.Make(shown) : BindingsReport.Make(shown);
            opened = shown.Count > 0 ? report : null;
        }

        if (opened is null)
        {
            _ = LibFuse.ReplyError(request, (int)Errno.EPERM);
            return;
        }

        file.Handle = GCHandle.ToIntPtr(GCHandle.Alloc(opened));
        file.Bits |= FuseFile.DirectIo;
        fixed (FuseFile* answer = &file)
        {
            if (LibFuse.ReplyOpen(request, answer) == -(int)Errno.ENOENT)
            {
                // The caller has gone meanwhile, and the kernel will not speak of this file again. It has been answered, whatever happens now.
                try
                {
                    Close(file.Handle);
                }
                catch (Exception e)
                {
                    GiveUp(e);
                }
            }
        }
    }

    /// <summary>Opens a Ksock; null if the policy does not let it be opened.</summary>
    private static DeviceKsock? Open(DeviceBus bus, in KsockOwner owner, Identity? identity, IDisposable share)
    {
        try
        {
            bus.Enter();
            Admission? admission = bus.Admit(identity, owner);
            DeviceKsock? ksock = admission is null ? null : new DeviceKsock(bus, owner, identity, admission, share);
            bus.Leave();
            if (ksock is null)
            {
                share.Dispose();
            }

            return ksock;
        }
        catch
        {
            share.Dispose();
            throw;
        }
    }

    /// <summary>The last descriptor of an open file has gone, however that came.</summary>
    public static void Release(nint request, nint handle)
    {
        Close(handle);
        _ = LibFuse.ReplyError(request, 0);
    }

    /// <summary>Reads on in a Ksock's current message, or in a report.</summary>
    public void Read(nint request, nint handle, nuint size, long offset)
    {
        if (GCHandle.FromIntPtr(handle).Target is byte[] report)
        {
            ReadOnlySpan<byte> rest = report.AsSpan((int)Math.Min(offset, report.Length));
            fixed (byte* bytes = rest)
            {
                _ = LibFuse.ReplyBytes(request, bytes, Math.Min(size, (nuint)rest.Length));
            }

            return;
        }

        DeviceKsock ksock = KsockOf(handle)!;
        nuint wanted = Math.Min(size, ksock.File.LengthLeft);
        ReserveReadBuffer(wanted);
        ksock.Enter();
        Errno error = ksock.File.Read(new Span<byte>(_readBuffer, (int)wanted), out int count);
        ksock.Bus.Leave();
        _ = error == Errno.None ? LibFuse.ReplyBytes(request, _readBuffer, (nuint)count) : LibFuse.ReplyError(request, (int)error);
    }

    /// <summary>Adds to a Ksock's message under construction.</summary>
    public static void Write(nint request, nint handle, ReadOnlySpan<byte> bytes)
    {
        if (KsockOf(handle) is not { } ksock)
        {
            _ = LibFuse.ReplyError(request, (int)Errno.EBADF);
            return;
        }

        ksock.Enter();
        Errno error = ksock.File.Write(bytes);
        ksock.Bus.Leave();
        _ = error == Errno.None ? LibFuse.ReplyWrite(request, (nuint)bytes.Length) : LibFuse.ReplyError(request, (int)error);
    }

    /// <summary>Carries out an ioctl.</summary>
    public void Ioctl(uint code, nint handle, in IoctlRequest request)
    {
        // A directory has no handle of ours.
        if (handle != 0 && KsockOf(handle) is { } ksock)
        {
            _calls.Call(ksock, code, request);
        }
        else
        {
            request.Reply(Errno.ENOTTY);
        }
    }

    /// <summary>Tells whether a Ksock can be read and written; each asking tries a waiting message once.</summary>
    public static void Poll(nint request, nint handle, nint pollHandle)
    {
        if (KsockOf(handle) is not { } ksock)
        {
            if (pollHandle != 0)
            {
                LibFuse.DestroyPollHandle(pollHandle);
            }

            _ = LibFuse.ReplyPoll(request, Readable | Writable);
            return;
        }

        if (!ksock.Bus.TryEnter())
        {
            if (pollHandle != 0)
            {
                LibFuse.DestroyPollHandle(pollHandle);
            }

            // Which a poller sees as an error of the file.
            _ = LibFuse.ReplyError(request, (int)Errno.EIO);
            return;
        }

        if (ksock.IsRevoked)
        {
            ksock.Bus.Leave();
            if (pollHandle != 0)
            {
                LibFuse.DestroyPollHandle(pollHandle);
            }

            _ = LibFuse.ReplyError(request, (int)Errno.EPERM);
            return;
        }

        (bool readable, bool writable) = ksock.Poll(pollHandle);
        ksock.Bus.Leave();
        _ = LibFuse.ReplyPoll(request, (readable ? Readable : 0) | (writable ? Writable : 0));
    }

    /// <summary>Lists the directory from a place on, as far as there is room.</summary>
    public void ReadDirectory(nint request, nuint size, long offset)
    {
        ReserveReadBuffer(size);
        nuint used = 0;
        for (int place = (int)offset; place < _directory.Count; place++)
        {
            (string name, ulong inode) = DeviceDirectory.Entry(place);
            FileStatus status = _directory.StatusOf(inode);
            fixed (byte* bytes = Encoding.UTF8.GetBytes(name + '\0'))
            {
                nuint needed = LibFuse.AddEntry(request, _readBuffer + used, size - used, bytes, &status, place + 1);
                if (needed > size - used)
                {
                    break;
                }

                used += needed;
            }
        }

        _ = LibFuse.ReplyBytes(request, _readBuffer, used);
    }

    /// <summary>The buses that a caller may see in a report.</summary>
    private List<DeviceBus> Reported(in FuseCaller caller)
    {
        List<DeviceBus> shown = [];
        for (uint number = 0; number < _buses.Count; number++)
        {
            if (_buses.Find(number) is { } bus && bus.MayReport(bus.Identify(caller)))
            {
                shown.Add(bus);
            }
        }

        return shown;
    }

    private static DeviceKsock? KsockOf(nint handle) => GCHandle.FromIntPtr(handle).Target as DeviceKsock;

    private static void Close(nint handle)
    {
        var gcHandle = GCHandle.FromIntPtr(handle);
        object? target = gcHandle.Target;
        gcHandle.Free();
        if (target is not DeviceKsock ksock)
        {
            return;
        }

        try
        {
            if (ksock.Bus.TryEnter())
            {
                ksock.Close();
                ksock.Bus.Leave();
            }
        }
        finally
        {
            ksock.Share.Dispose();
        }
    }

    private void GiveUp(Exception fault)
    {
        DeviceBus.FailEntered(fault);
        if (fault is not BusEndedException)
        {
            _buses.RequestFailed(fault);
        }
    }

    /// <summary>Sees to it that there is room for an answer; the kernel asks for 1 MiB at most.</summary>
    private void ReserveReadBuffer(nuint size)
    {
        if (size > _readBufferSize)
        {
            NativeMemory.Free(_readBuffer);
            _readBufferSize = Math.Max(size, 4096);
            _readBuffer = (byte*)NativeMemory.Alloc(_readBufferSize);
        }
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Device;

/// <summary>The ioctls of a Ksock's file, each carried out on the bus and answered. Spec section 7.</summary>
/// <remarks>Only the thread that serves the device files calls.</remarks>
internal sealed class KsockCalls(DeviceBuses buses, CallerReader reader, FetchedMemory memory)
{
    /// <summary>Where the name's address stands in the argument of BIND, UNBIND and REPLIER; is_replier and name_len come before it.</summary>
    private const int PointerOffset = 8;

    private readonly byte[] _name = new byte[MessageName.MaxLength];

    /// <summary>Carries out one ioctl and answers it.</summary>
    public void Call(DeviceKsock ksock, uint code, in IoctlRequest request)
    {
        switch (code)
        {
            case IoctlCode.Reset:
                request.Reply(Errno.None);
                break;
            case IoctlCode.Bind:
            case IoctlCode.Unbind:
                Bind(ksock, code == IoctlCode.Bind, request);
                break;
            case IoctlCode.KsockId:
                request.Reply(Errno.None, ksock.File.State.Id);
                break;
            case IoctlCode.Replier:
                FindReplier(ksock, request);
                break;
            case IoctlCode.NextMessage:
                NextMessage(ksock, request);
                break;
            case IoctlCode.LengthLeft:
                request.Reply(Errno.None, ksock.File.LengthLeft);
                break;
            case IoctlCode.Send:
                Send(ksock, request);
                break;
            case IoctlCode.Discard:
                ksock.Enter();
                ksock.File.Discard();
                ksock.Bus.Leave();
                request.Reply(Errno.None);
                break;
            case IoctlCode.LastSent:
                request.Reply(Errno.None, ksock.File.State.LastSent);
                break;
            case IoctlCode.NewDevice:
                NewDevice(ksock, request);
                break;
            default:
                Ask(ksock, code, request);
                break;
        }
    }

    private void NewDevice(DeviceKsock ksock, in IoctlRequest request)
    {
        ksock.Enter();
        Errno error = ksock.Admission.MakeBus(ksock.File.State);
        ksock.Bus.Leave();
        uint number = 0;
        error = error == Errno.None ? buses.NewDevice(ksock.Share, out number) : error;
        request.Reply(error, number);
    }

    private static void Ask(DeviceKsock ksock, uint code, in IoctlRequest request)
    {
        Setting? setting = code switch
        {
            IoctlCode.MaxMessages => Setting.MaxMessages,
            IoctlCode.NumMessages => Setting.NumMessages,
            IoctlCode.UnrepliedTo => Setting.UnrepliedTo,
            IoctlCode.OnlyOnce => Setting.OnlyOnce,
            IoctlCode.Verbose => Setting.Verbose,
            IoctlCode.ReportReplierBinds => Setting.ReportBinds,
            IoctlCode.MaxMessageSize => Setting.MaxMessageSize,
            _ => null,
        };
        if (setting is not { } asked)
        {
            request.Reply(Errno.ENOTTY);
            return;
        }

        ksock.Enter();
        Errno error = ksock.Admission.Ask(ksock.File.State, asked, request.FirstWord, out uint value);
        if (asked == Setting.MaxMessageSize)
        {
            ksock.Bus.TellMaxMessageSize();
        }

        ksock.Bus.Leave();
        request.Reply(error, value);
    }

    private void Bind(DeviceKsock ksock, bool binds, in IoctlRequest request)
    {
        uint length = request.SecondWord;
        Errno error = !TryReadPointer(request, out ulong address) ? Errno.EFAULT
            : length == 0 ? Errno.EBADMSG
            : ReadName(request, address, length);
        if (error == Errno.None)
        {
            ReadOnlySpan<byte> name = _name.AsSpan(0, (int)length);
            bool isReplier = request.FirstWord != 0;
            ksock.Enter();
            error = binds
                ? ksock.Admission.Bind(ksock.File.State, name, isReplier)
                : ksock.Bus.Operations.Unbind(ksock.File.State, name, isReplier);
            ksock.Bus.Leave();
        }

        request.Reply(error);
    }

    private void FindReplier(DeviceKsock ksock, in IoctlRequest request)
    {
        uint length = request.SecondWord, replier = 0;
        Errno error = !TryReadPointer(request, out ulong address) ? Errno.EFAULT
            : length == 0 ? Errno.ENAMETOOLONG
            : ReadName(request, address, length);
        if (error == Errno.None)
        {
            ksock.Enter();
            error = ksock.Bus.Operations.FindReplier(_name.AsSpan(0, (int)length), isMatching: false, out replier);
            ksock.Bus.Leave();
        }

        request.Reply(error, replier, replier == 0 ? 0 : 1);
    }

    private static void NextMessage(DeviceKsock ksock, in IoctlRequest request)
    {
        ksock.Enter();
        uint length = ksock.NextMessage();
        ksock.Bus.Leave();
        request.Reply(Errno.None, length, length == 0 ? 0 : 1);
    }

    private void Send(DeviceKsock ksock, in IoctlRequest request)
    {
        bool points = ksock.File.TryGetPointers(out MessageHeader header);
        if (points)
        {
            memory.Fetch(request.Caller, header);
            if (reader.HasEnded)
            {
                memory.Forget();
                return;
            }
        }

        Errno error;
        MessageId id;
        try
        {
            ksock.Enter();
            error = ksock.Send(memory, out id);
            ksock.Bus.Leave();
        }
        finally
        {
            if (points)
            {
                memory.Forget();
            }
        }

        request.Reply(error, id);
    }

    private bool TryReadPointer(in IoctlRequest request, out ulong address)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bool read = reader.TryRead(request.Caller, request.Argument + PointerOffset, bytes);
        address = read ? MemoryMarshal.Read<ulong>(bytes) : 0;
        return read;
    }

    private Errno ReadName(in IoctlRequest request, ulong address, uint length)
    {
        if (length > _name.Length)
        {
            return Errno.ENAMETOOLONG;
        }

        bool read = reader.TryRead(request.Caller, address, _name.AsSpan(0, (int)length));
        return reader.HasEnded ? Errno.ENODEV : read ? Errno.None : Errno.EFAULT;
    }
}

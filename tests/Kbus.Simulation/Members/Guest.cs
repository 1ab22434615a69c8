using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Daemon;
using Kbus.Device;
using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Simulation;

/// <summary>The Ksock of a member that uses a device file: the daemon's own, entered as the thread that serves device files does.</summary>
/// <remarks>What the kernel and FUSE do in between is left out. So nobody polls the file, and nobody is woken.</remarks>
internal sealed class Guest
{
    private readonly DeviceKsock _ksock;
    private readonly Pointed _pointed = new();
    private Errno _failed;
    private bool _isClosed;

    private Guest(DeviceKsock ksock) => _ksock = ksock;

    /// <summary>What the bus keeps of the Ksock.</summary>
    public KsockState State => _ksock.File.State;

    /// <summary>True if the policy has closed it.</summary>
    public bool IsRevoked => _ksock.IsRevoked;

    /// <summary>Opens a Ksock.</summary>
    /// <returns>Null if the policy does not let it be opened.</returns>
    public static Guest? Open(BusThread thread, KsockOwner owner, Identity? identity)
    {
        var bus = new GuestBus(thread, ServedDaemon.Get());
        if (!ServedDaemon.Get().Shares.TryOpen(owner, out KsockShare? share, out _))
        {
            throw new InvalidOperationException("There is no share left for a Ksock.");
        }

        bus.Enter();
        Admission? admission = bus.Admit(identity, owner);
        DeviceKsock? ksock = admission is null ? null : new DeviceKsock(bus, owner, identity, admission, share!);
        bus.Leave();
        if (ksock is null)
        {
            share!.Dispose();
            return null;
        }

        return new Guest(ksock);
    }

    /// <summary>Carries out a command as the calls on the file would.</summary>
    public Completion Carry(Call call, ReadOnlySpan<byte> body)
    {
        switch (call.Code)
        {
            case CommandCode.SendBegin:
                _failed = _ksock.File.State.Waiting is null ? Write(body) : Errno.EALREADY;
                return default;
            case CommandCode.SendPart:
                return AddPart(call, body);
            case CommandCode.Send:
                Errno error = Write(call.IsPointy ? _pointed.Point(body) : body);
                return error == Errno.None ? SendWritten() : new Completion((int)error, 0);
            case CommandCode.Retry:
                return State.Waiting is null ? new Completion((int)Errno.ENOMSG, 0) : SendWritten();
            case CommandCode.Close:
                Close();
                return default;
            default:
                return Inside(call.Code, call, body);
        }
    }

    /// <summary>Takes the next message and reads it, all but its end if that is to be left.</summary>
    public bool TryTake(bool leavesEnd, out byte[] message)
    {
        _ksock.Enter();
        uint length = _ksock.NextMessage();
        _ksock.Bus.Leave();
        message = new byte[length];
        int wanted = leavesEnd && length > 0 ? (int)length - sizeof(uint) : (int)length;
        if (wanted < length)
        {
            MemoryMarshal.Write(message.AsSpan(wanted), MessageHeader.EndGuardValue);
        }

        for (int done = 0; done < wanted;)
        {
            // As a program that has a small buffer.
            _ksock.Enter();
            Errno error = _ksock.File.Read(message.AsSpan(done, Math.Min(3000, wanted - done)), out int count);
            _ksock.Bus.Leave();
            if (error != Errno.None || count == 0)
            {
                throw new BrokenPromiseException("P4", $"a message of {length} bytes ends after {done}");
            }

            done += count;
        }

        return length > 0;
    }

    /// <summary>Writes a message, and does not send it.</summary>
    public void LeaveUnsent(ReadOnlySpan<byte> body) => _ = Write(body);

    /// <summary>The run has ended, and the bus is not asked any more.</summary>
    public void Forget() => _ksock.Share.Dispose();

    /// <summary>The last descriptor of the file is closed, or its process has gone. The kernel tells of it once.</summary>
    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _ksock.Bus.Enter();
        _ksock.Close();
        _ksock.Bus.Leave();
        _ksock.Share.Dispose();
    }

    private Completion Inside(CommandCode code, Call call, ReadOnlySpan<byte> body)
    {
        bool isReplier = (call.Flags & CommandFlags.Replier) != 0;
        BusOperations bus = _ksock.Bus.Operations;
        uint value = 0;
        MessageId id = default;
        Errno error = Errno.None;
        _ksock.Enter();
        switch (code)
        {
            case CommandCode.Bind:
                error = _ksock.Admission.Bind(State, body, isReplier);
                break;
            case CommandCode.Unbind:
                error = bus.Unbind(State, body, isReplier);
                break;
            case CommandCode.FindReplier:
                error = bus.FindReplier(body, (call.Flags & CommandFlags.Matching) != 0, out value);
                break;
            case CommandCode.Poll:
                (bool isReadable, bool isWritable) = _ksock.Poll(0);
                value = (uint)((isReadable ? PollFlags.Readable : PollFlags.None) | (isWritable ? PollFlags.Writable : PollFlags.None));
                break;
            case CommandCode.Discard:
                _ksock.File.Discard();
                break;
            case CommandCode.LastSent:
                id = State.LastSent;
                break;
            case CommandCode.Ask:
                error = _ksock.Admission.Ask(State, call.Setting, call.Argument, out value);
                if (call.Setting == Setting.MaxMessageSize)
                {
                    _ksock.Bus.TellMaxMessageSize();
                }

                break;
        }

        _ksock.Bus.Leave();
        return id.IsNone ? new Completion((int)error, value) : new Completion((int)error, id);
    }

    private Completion AddPart(Call call, ReadOnlySpan<byte> body)
    {
        if (_failed == Errno.None)
        {
            _failed = Write(body);
        }

        if (!call.IsLastPart)
        {
            return default;
        }

        if (_failed == Errno.None)
        {
            byte[] rest = new byte[(int)MessageLayout.PaddedDataLength((uint)call.Sending!.Length) - call.Sending.Length + sizeof(uint)];
            MemoryMarshal.Write(rest.AsSpan(rest.Length - sizeof(uint)), MessageHeader.EndGuardValue);
            _failed = Write(rest);
        }

        return _failed == Errno.None ? SendWritten() : new Completion((int)_failed, 0);
    }

    private Errno Write(ReadOnlySpan<byte> bytes)
    {
        _ksock.Enter();
        Errno error = _ksock.File.Write(bytes);
        _ksock.Bus.Leave();
        return error;
    }

    private Completion SendWritten()
    {
        _ksock.Enter();
        Errno error = _ksock.Send(_pointed, out MessageId id);
        _ksock.Bus.Leave();
        return new Completion((int)error, id);
    }

    /// <summary>The memory of the member's process, as far as a pointy message points into it.</summary>
    private sealed class Pointed : CallerMemory
    {
        private const ulong NameAddress = 0x10000;
        private const ulong DataAddress = 0x20000000;
        private byte[] _name = [];
        private byte[] _data = [];

        /// <summary>Puts name and data of an entire message there, and makes the header point at them.</summary>
        public ReadOnlySpan<byte> Point(ReadOnlySpan<byte> entire)
        {
            MessageHeader header = MemoryMarshal.Read<MessageHeader>(entire);
            _name = [.. entire.Slice(MessageHeader.Size, (int)header.NameLength), 0];
            _data = entire.Slice(MessageLayout.DataOffset(header.NameLength), (int)header.DataLength).ToArray();
            header.NamePointer = NameAddress;
            header.DataPointer = _data.Length == 0 ? 0 : DataAddress;
            byte[] bytes = new byte[MessageHeader.Size];
            MemoryMarshal.Write(bytes, in header);
            return bytes;
        }

        /// <inheritdoc/>
        public override bool TryRead(ulong address, Span<byte> target)
        {
            byte[] from = address >= DataAddress ? _data : _name;
            ulong start = address - (address >= DataAddress ? DataAddress : NameAddress);
            bool isThere = start + (ulong)target.Length <= (ulong)from.Length;
            if (isThere)
            {
                from.AsSpan((int)start, target.Length).CopyTo(target);
            }

            return isThere;
        }
    }
}

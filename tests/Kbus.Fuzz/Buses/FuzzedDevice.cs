using System.Buffers.Binary;
using Kbus.Core;
using Kbus.Daemon;
using Kbus.Device;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>The device file of a bus, served by the real libfuse, whose requests come over a socket in place of the kernel's.</summary>
/// <remarks>
/// As the kernel does, it says truly who calls, which file is meant and how many bytes there are; all else is the caller's. One request is under way at a
/// time. The session is one for all inputs of the process.
/// </remarks>
internal sealed unsafe class FuzzedDevice : DeviceBuses, IDisposable
{
    private const uint Init = 26;
    private const ulong BusFile = 0x100;
    private const int HeaderLength = 40;
    private const int AnswerLength = 16;

    private static readonly Lazy<FuzzedDevice> Served = new(() => new FuzzedDevice());

    private readonly Descriptor _kernel;
    private readonly FuseSession _session;
    private readonly DeviceFiles _files;
    private readonly DeviceDirectory _directory;
    private FuzzedBus? _bus;
    private FuseBuffer _buffer;
    private ulong _unique;

    private FuzzedDevice()
    {
        int result = LibC.StreamSocketPair(blocking: true, out int kernel, out int daemon);
        if (result < 0)
        {
            throw new InvalidOperationException($"There is no socket: {(Errno)(-result)}.");
        }

        _kernel = new Descriptor(kernel);
        _session = FuseSession.Mount($"/dev/fd/{daemon}", forOthers: false, FuseRequests.Table);
        var options = new DeviceOptions { Directory = "/", Owner = LibC.UserId(), Group = 0, Mode = 0x1B6 };
        _files = new DeviceFiles(options, this, _session);
        _directory = new DeviceDirectory(this, options);
    }

    /// <inheritdoc/>
    public override int Count => 1;

    /// <inheritdoc/>
    public override bool TryStartThread(string name, ThreadStart run) => Threads.TryStart(name, run);

    /// <summary>Where a member's request came to an exception; null if none did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins with another bus.</summary>
    public static FuzzedDevice Begin(FuzzedBus bus)
    {
        FuzzedDevice device = Served.Value;
        bool isFirst = device._bus is null;
        device._bus = bus;
        device.Failure = null;
        if (isFirst)
        {
            Span<byte> wanted = stackalloc byte[16];
            BinaryPrimitives.WriteUInt32LittleEndian(wanted, 7);
            BinaryPrimitives.WriteUInt32LittleEndian(wanted[4..], 31);
            _ = device.Ask(Init, 1, LibC.UserId(), wanted, out _);
        }

        return device;
    }

    /// <summary>Makes a request of the bus's file, and gives its answer.</summary>
    /// <param name="code">What is asked.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="body">What belongs to it.</param>
    /// <param name="answer">What came with the answer.</param>
    /// <returns>0 or <c>-errno</c>.</returns>
    public int Ask(uint code, uint user, ReadOnlySpan<byte> body, out byte[] answer) => Ask(code, BusFile, user, body, out answer);

    /// <summary>The same of any file.</summary>
    public int Ask(uint code, ulong inode, uint user, ReadOnlySpan<byte> body, out byte[] answer)
    {
        byte[] request = new byte[HeaderLength + body.Length];
        Span<byte> words = request;
        BinaryPrimitives.WriteInt32LittleEndian(words, request.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(words[4..], code);
        BinaryPrimitives.WriteUInt64LittleEndian(words[8..], ++_unique);
        BinaryPrimitives.WriteUInt64LittleEndian(words[16..], inode);
        BinaryPrimitives.WriteUInt32LittleEndian(words[24..], user);
        BinaryPrimitives.WriteInt32LittleEndian(words[32..], Environment.ProcessId);
        body.CopyTo(words[HeaderLength..]);
        if (LibC.Write(_kernel.Number, request) != request.Length)
        {
            throw new InvalidOperationException("A request cannot be made.");
        }

        Serve();
        return Hear(out answer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _files.Dispose();
        _kernel.Dispose();
    }

    /// <inheritdoc/>
    public override DeviceBus? Find(uint number) => number == 0 ? new GuestBus(_bus!.Thread, FuzzedDaemon.Get()) : null;

    /// <inheritdoc/>
    public override Errno TryOpen(in KsockOwner owner, out IDisposable? share)
    {
        bool mayHave = FuzzedDaemon.Get().Shares.TryOpen(owner, out KsockShare? place, out _);
        share = place;
        return mayHave ? Errno.None : Errno.EDQUOT;
    }

    /// <inheritdoc/>
    public override Errno NewDevice(IDisposable share, out uint number)
    {
        // A bus that is made stays.
        number = 0;
        return Errno.EINVAL;
    }

    /// <inheritdoc/>
    public override void MemoryRefused(int processId, uint userId, string why)
    {
    }

    /// <inheritdoc/>
    public override void RequestFailed(Exception fault) => Failure = fault;

    private void Serve()
    {
        fixed (FuseBuffer* buffer = &_buffer)
        {
            if (!_session.Receive(buffer))
            {
                throw new FindingException("the session has ended");
            }

            using var turn = new ServingTurn(_files, TimeProvider.System);
            using var server = new RequestServer(this, _directory, turn);
            RequestServer.OfThread = server;
            lock (_files.Serving)
            {
                _session.Process(buffer);
            }
        }
    }

    /// <summary>Reads the answer. What wakes pollers comes before it, and is passed over.</summary>
    private int Hear(out byte[] answer)
    {
        Span<byte> head = stackalloc byte[AnswerLength];
        while (true)
        {
            Read(head);
            answer = new byte[BinaryPrimitives.ReadInt32LittleEndian(head) - AnswerLength];
            Read(answer);
            ulong unique = BinaryPrimitives.ReadUInt64LittleEndian(head[8..]);
            if (unique != 0)
            {
                return unique == _unique ? BinaryPrimitives.ReadInt32LittleEndian(head[4..]) : throw new FindingException("an answer is none to what was asked");
            }
        }
    }

    private void Read(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int received = LibC.Receive(_kernel.Number, target, LibC.MessageDontWait);
            if (received <= 0)
            {
                throw new FindingException("a request got no answer");
            }

            target = target[received..];
        }
    }
}

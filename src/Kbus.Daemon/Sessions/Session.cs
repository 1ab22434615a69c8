using Kbus.Core;
using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The daemon's side of one link: reads the commands of one Ksock's process, and carries the bus's messages to it.</summary>
/// <remarks>
/// Whatever the process writes into the shared memory, and whenever, hurts nobody else: each value is read once and checked, and
/// nonsense ends this session with a named reason (P8). Only the bus's thread touches it. Commands stand in Session.Commands.cs, the
/// way of messages out in Session.Deliveries.cs.
/// </remarks>
internal sealed partial class Session : Carrier, IDisposable
{
    private readonly BusThread _thread;
    private readonly SharedMemory _memory;
    private readonly Descriptor _socket;
    private readonly CommandConsumer _commands;
    private readonly CompletionWriter _completions;
    private readonly DeliveryProducer _deliveries;
    private readonly BusDoorbell _doorbell;

    /// <summary>Takes over a link that has been made and not yet announced to the process.</summary>
    public Session(BusThread thread, OpenRequest request, Admission admission)
    {
        _thread = thread;
        Admission = admission;
        Identity = request.Identity;
        _memory = request.Memory;
        _socket = request.Socket;
        Peer = request.Peer;
        Share = request.Share;
        Mode = request.Mode;
        _commands = new CommandConsumer(_memory);
        _completions = new CompletionWriter(_memory);
        _deliveries = new DeliveryProducer(_memory);
        _doorbell = new BusDoorbell(_memory, _socket);
    }

    /// <summary>What the bus keeps of the Ksock. Set once, right after opening.</summary>
    public KsockState State { get; set; } = null!;

    /// <summary>Whose process it is, by the kernel's word.</summary>
    public PeerCredentials Peer { get; }

    /// <summary>The place that the Ksock has of those that the daemon can serve.</summary>
    public KsockShare Share { get; }

    /// <summary>What the Ksock was opened for.</summary>
    public KsockMode Mode { get; }

    /// <summary>The way of its operations into the bus.</summary>
    public Admission Admission { get; }

    /// <summary>Who opened it, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; }

    /// <inheritdoc/>
    public override KsockOwner Owner => new(Peer.ProcessId, Peer.UserId, Mode, Process.Key);

    /// <summary>The process whose link it is.</summary>
    public required ProcessWatch Process { get; init; }

    /// <summary>The session's place and generation, by which the event loop finds it.</summary>
    public ulong Token { get; set; }

    /// <summary>The socket's number, for the event loop.</summary>
    public int SocketNumber => _socket.Number;

    /// <summary>True while the loop looks for commands by itself instead of being rung.</summary>
    public bool IsHot => HotPlace >= 0;

    /// <summary>Its place among the hot links of its process; -1 while it is rung for.</summary>
    public int HotPlace { get; set; } = -1;

    /// <summary>When the loop last found commands here, in nanoseconds of its clock.</summary>
    public long LastServed { get; set; }

    /// <summary>True once the process has closed its end, or has ended: what it had sent is still carried out, and then the Ksock closes.</summary>
    public bool IsEnding { get; set; }

    /// <summary>How many more turns a link gets that is ending. Bounded, because a forked child that has the memory too could go on writing for ever.</summary>
    public int TurnsLeft { get; set; } = 128;

    /// <summary>True once the Ksock has been closed on the bus.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Why the session must end, if the process wrote nonsense.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>True if the process has published commands, or there is something to complain about.</summary>
    public bool HasCommands => _commands.HasCommands;

    /// <summary>True while some of those who got its messages are still to be rung. Until then it is not answered, and nothing more is heard from it.</summary>
    public bool IsRinging => _toRing.Count > 0;

    /// <summary>True if there is something to do for it in its turn.</summary>
    public bool HasWork => HasCommands || IsEnding || IsRinging;

    /// <summary>Asks to be rung for the next command; the loop then makes a full fence and looks once more.</summary>
    public void AskForBell() => _commands.AskForBell();

    /// <summary>Asks not to be rung: the loop looks by itself.</summary>
    public void ForgoBell() => _commands.ForgoBell();

    /// <summary>Tells the process the bus's present message limit.</summary>
    public void TellMaxMessageSize(uint bytes) => Volatile.Write(ref _memory.Header.MaxMessageSize, bytes);

    /// <summary>Ends the session as soon as the present operation is over, for a reason that the process and the log are told.</summary>
    public void Fail(LinkFault fault)
    {
        if (Fault == LinkFault.None && fault != LinkFault.None)
        {
            Fault = fault;
            Volatile.Write(ref _memory.Header.Fault, (uint)fault);
            _thread.CloseLater(this);
        }
    }

    /// <summary>Lets go of the memory, the socket and what the process still read. The Ksock has been closed.</summary>
    public void Dispose()
    {
        DiscardIncoming();
        ReleaseHeld();
        ForgetAreas();
        HangUp();
    }

    /// <summary>Lets go of the memory and the socket, and asks nothing of the bus: the process sees that the bus has ended (D22).</summary>
    public void HangUp()
    {
        // A process whose socket was closed without a word may go on writing to the memory: it is told by this, and not to ring, because
        // the number of its bell may be another file's by now.
        _deliveries.SetFlags(DeliveryFlags.Ended);
        ForgoBell();
        _socket.Dispose();
        _memory.Dispose();
        Share.Dispose();
    }
}

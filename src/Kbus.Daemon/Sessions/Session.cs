using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The daemon's side of one link: reads the commands of one Ksock's process, and carries the bus's messages to it.</summary>
/// <remarks>
/// Whatever the process writes into the shared memory, at any time, harms nobody else. Each value is read once and validated, and an invalid
/// one ends this session with a named reason (P8). Only the bus's thread uses it. Commands are in Session.Commands.cs, deliveries in
/// Session.Deliveries.cs and the two lanes.
/// </remarks>
internal sealed partial class Session : Carrier, IDisposable
{
    private readonly BusThread _thread;
    private readonly SharedMemory _memory;
    private readonly Descriptor _socket;
    private readonly CommandConsumer _commands;
    private readonly CompletionWriter _completions;
    private readonly SessionLane _messages;
    private readonly SessionLane _answers;
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
        _messages = new SessionLane(this, thread, _memory, DeliveryLane.Messages, _taken);
        _answers = new SessionLane(this, thread, _memory, DeliveryLane.Answers, _taken);
        _doorbell = new BusDoorbell(_memory, _socket);
    }

    /// <summary>The bus's state of the Ksock. Set once, right after opening.</summary>
    public KsockState State { get; set; } = null!;

    /// <summary>The process and its user, as the kernel reports them.</summary>
    public PeerCredentials Peer { get; }

    /// <summary>The Ksock's share of the places that the daemon can serve.</summary>
    public KsockShare Share { get; }

    /// <summary>What the Ksock was opened for.</summary>
    public KsockMode Mode { get; }

    /// <summary>Admits its operations to the bus, according to the policy.</summary>
    public Admission Admission { get; }

    /// <summary>Who opened it, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; }

    /// <inheritdoc/>
    public override KsockOwner Owner => new(Peer.ProcessId, Peer.UserId, Mode, Process.Key);

    /// <summary>The process whose link it is.</summary>
    public required ProcessWatch Process { get; init; }

    /// <summary>Why the daemon refused to make a bus, if that was the last refusal with EDQUOT.</summary>
    public QuotaRefusal? BusRefusal { get; set; }

    /// <summary>The session's place and generation, by which the event loop finds it.</summary>
    public ulong Token { get; set; }

    /// <summary>The socket's number, for the event loop.</summary>
    public int SocketNumber => _socket.Number;

    /// <summary>True while the loop polls for commands. Otherwise the process rings its bell.</summary>
    public bool IsHot => HotPlace >= 0;

    /// <summary>Its place among the hot links of its process; -1 if it is not hot.</summary>
    public int HotPlace { get; set; } = -1;

    /// <summary>When the loop last found commands here, in nanoseconds of its clock.</summary>
    public long LastServed { get; set; }

    /// <summary>True once the process has closed its end, or has ended. Its remaining commands are carried out, and then the Ksock closes.</summary>
    public bool IsEnding { get; set; }

    /// <summary>The turns that an ending link still gets. Bounded, because a forked child with the same memory could write for ever.</summary>
    public int TurnsLeft { get; set; } = 128;

    /// <summary>True once the Ksock has been closed on the bus.</summary>
    public bool IsClosed { get; set; }

    /// <summary>True once the policy does not let it be open any more.</summary>
    public bool IsForbidden { get; set; }

    /// <summary>Why the Ksock closes, while it does.</summary>
    public WatchEnd HowItEnds =>
        IsForbidden ? WatchEnd.Forbidden
        : Fault != LinkFault.None ? WatchEnd.Misbehaved
        : IsEnding ? WatchEnd.Died : WatchEnd.Closed;

    /// <summary>Why the session must end; None if it need not.</summary>
    public LinkFault Fault { get; private set; }

    /// <summary>True if the process has published commands, or has written an invalid tail.</summary>
    public bool HasCommands => _commands.HasCommands;

    /// <summary>True while others are still to be rung, or told of a limit, because of its commands. Until then it gets no answers, and no
    /// further command is read.</summary>
    public bool IsRinging => _toRing.Count > 0 || _isTelling;

    /// <summary>True if there is something to do for it in its turn.</summary>
    public bool HasWork => HasCommands || IsEnding || IsRinging;

    /// <summary>Asks the process to ring for its next command. The loop then makes a full fence and polls once more.</summary>
    public void AskForBell() => _commands.AskForBell();

    /// <summary>Asks the process not to ring: the loop polls.</summary>
    public void ForgoBell() => _commands.ForgoBell();

    /// <summary>Publishes the bus's current message limit to the process.</summary>
    public void TellMaxMessageSize(uint bytes) => Volatile.Write(ref _memory.Header.MaxMessageSize, bytes);

    /// <summary>Ends the session after the current operation. The process and the log learn the reason.</summary>
    public void Fail(LinkFault fault)
    {
        if (Fault == LinkFault.None && fault != LinkFault.None)
        {
            Fault = fault;
            Volatile.Write(ref _memory.Header.Fault, (uint)fault);
            _thread.CloseLater(this);
        }
    }

    /// <summary>Frees the memory, the socket and the messages that the process still reads. The Ksock has been closed.</summary>
    public void Dispose()
    {
        DiscardIncoming();
        ReleaseHeld();
        ForgetAreas();
        HangUp();
    }

    /// <summary>Frees the memory and the socket without an operation on the bus. The process sees that the bus has ended (D22).</summary>
    public void HangUp()
    {
        // A process whose socket was closed behind its back may still write to the memory. This flag tells it, and it must not ring: the
        // number of its bell may be another file's by now.
        _messages.Ring.SetFlags(DeliveryFlags.Ended);
        ForgoBell();
        _socket.Dispose();
        _memory.Dispose();
        Share.Dispose();
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Daemon;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Simulation;

/// <summary>One Ksock as its process has it: the client's ends of a real link, driven a step at a time, and a record of all that it did and saw.</summary>
/// <remarks>
/// It never waits: it posts commands, and sees their answers with a later step. So between any two of its looks at shared memory the bus, the others and
/// its own death can come. Commands stand in Member.Commands.cs, answers in Member.Answers.cs, taking in Member.Taking.cs, its end in Member.Leaving.cs.
/// </remarks>
internal sealed partial class Member : IDisposable
{
    private readonly World _world;
    private readonly SimulatedProcess _process;
    private readonly Descriptor _socket = null!;
    private readonly PayloadViews _areas = new();
    private Descriptor? _bell;
    private SharedMemory? _memory;
    private CommandProducer _commands = null!;
    private CommandBell _commandBell = null!;
    private CompletionReader _completions = null!;
    private DeliveryConsumer _deliveries = null!;
    private DeliveryConsumer _answers = null!;
    private ClientDoorbell _doorbell = null!;
    private readonly bool _tellsLate;
    private readonly bool _isPatient;
    private int _stoppedFor;

    /// <summary>Asks a bus for a Ksock. It is open when the welcome has come (<see cref="TryEnter"/>).</summary>
    public Member(World world, BusSide bus, int ordinal, SimulatedProcess process, ref Dice dice)
    {
        _world = world;
        _process = process;
        Bus = bus;
        Ordinal = ordinal;
        IsLimpet = dice.OneIn(world.Scenario.Theme == Theme.Repeats ? 3 : 12);
        Sleeps = dice.OneIn(2);
        _isPatient = dice.OneIn(2);
        _tellsLate = dice.OneIn(3) || (ordinal == 0 && world.Scenario.Theme == Theme.Events);
        _whim = new Dice(dice.Next());
        CanSend = IsLimpet || !dice.OneIn(15);
        AskedFrom = world.Tick();
        process.Members.Add(this);
        bus.Members.Add(this);
        KsockMode mode = CanSend ? KsockMode.ReadWrite : KsockMode.Read;
        var owner = new KsockOwner(process.Number, process.User, mode, (ulong)process.Number);
        IsGuest = world.Scenario.HasGuests && !IsLimpet && dice.OneIn(2);
        if (IsGuest)
        {
            Sleeps = false;
            OpenAsGuest(owner);
            return;
        }

        Check(LibC.StreamSocketPair(blocking: false, out int own, out int others));
        _socket = new Descriptor(own);
        Check(SharedMemory.Create(world.Scenario.Layout, 0, bus.Thread.Number, out SharedMemory? memory, out Descriptor? file));
        bool mayHave = ServedDaemon.Get().Shares.TryOpen(owner, out KsockShare? share, out QuotaRefusal refusal);
        Check(mayHave ? 0 : -(int)Errno.EDQUOT, $"a share for a Ksock, of {refusal.Limit}");
        var request = new OpenRequest
        {
            Socket = new Descriptor(others),
            Memory = memory!,
            MemoryFile = file!,
            Bell = new Descriptor(LibC.CreateEvent()),
            Process = process.Watch(),
            ProcessIdentity = (ulong)process.Number,
            Peer = Peer(process.Number, process.User),
            Identity = world.Laws.Exist ? Lawgiver.IdentityOf(process.User) : null,
            Mode = mode,
            Share = share!,
        };
        bus.Thread.Post(request);
    }

    /// <summary>On which bus.</summary>
    public BusSide Bus { get; }

    /// <summary>Its number among all members of the run.</summary>
    public int Ordinal { get; }

    /// <summary>The id that the bus gave it; 0 until the welcome has come.</summary>
    public uint KsockId { get; private set; }

    /// <summary>True if it has a Limpet's Ksock.</summary>
    public bool IsLimpet { get; private set; }

    /// <summary>True if it can send.</summary>
    public bool CanSend { get; }

    /// <summary>True if it sleeps until it is rung when there is nothing for it, instead of looking again and again.</summary>
    public bool Sleeps { get; }

    /// <summary>When it asked for its Ksock.</summary>
    public long AskedFrom { get; }

    /// <summary>When the Ksock was there.</summary>
    public long OpenedBy { get; private set; } = Sending.Never;

    /// <summary>From when on its Ksock may be gone.</summary>
    public long LeavesFrom { get; private set; } = Sending.Never;

    /// <summary>By when its Ksock is gone.</summary>
    public long GoneBy { get; private set; } = Sending.Never;

    /// <summary>When it wrote nonsense for the first time.</summary>
    public long TaintedFrom { get; private set; } = Sending.Never;

    /// <summary>The time up to which it had taken everything, if that was seen at the end of the run.</summary>
    public long DrainedAt { get; set; } = -1;

    /// <summary>True if it was there until every other member that ignored Requests had gone: then each of its Requests has its answer.</summary>
    public bool IsOwedNothing { get; set; }

    /// <summary>True while it has a Ksock, or soon will.</summary>
    public bool IsThere => LeavesFrom == Sending.Never;

    /// <summary>True while it has a Ksock to work with.</summary>
    public bool IsOpen => IsThere && KsockId != 0;

    /// <summary>True if it keeps to the rules.</summary>
    public bool IsHonest => TaintedFrom == Sending.Never;

    /// <summary>True if the bus gave it no Ksock.</summary>
    public bool WasRefused { get; private set; }

    /// <summary>The process.</summary>
    public SimulatedProcess Process => _process;

    /// <summary>Looks for the bus's welcome.</summary>
    /// <returns>True if it has a Ksock now.</returns>
    public bool TryEnter()
    {
        if (KsockId != 0 || !IsThere || IsGuest)
        {
            return IsOpen;
        }

        HandshakeFault fault = HandshakeExchange.ReceiveWelcome(_socket, Deadline.Passed, out BusWelcome? welcome, out Descriptor? file, out _bell);
        if (fault == HandshakeFault.TimedOut)
        {
            return false;
        }

        if (fault != HandshakeFault.None)
        {
            throw new BrokenPromiseException("P8", $"the welcome of {this} is {fault}");
        }

        if (welcome!.Error != 0)
        {
            WasRefused = true;
            _world.Saw($"open {(Errno)welcome.Error}");
            Leave(_world.Tick());
            return false;
        }

        using (file)
        {
            Check(SharedMemory.Map(file!, welcome.Layout!, out _memory));
        }

        _commands = new CommandProducer(_memory!);
        _commandBell = new CommandBell(_memory!, _bell!);
        _completions = new CompletionReader(_memory!, _socket);
        _deliveries = new DeliveryConsumer(_memory!);
        _answers = new DeliveryConsumer(_memory!, DeliveryLane.Answers);
        _doorbell = new ClientDoorbell(_memory!, _socket);
        Entered(welcome.KsockId, welcome.Limits.DefaultMaxMessages);
        if (WasThrownOut)
        {
            LeaveByPolicy();
            return false;
        }

        if (IsLimpet && !_world.Laws.AreChanging && (!_world.Laws.Exist || May(_world.Laws.Latest, Kbus.Policy.PolicyAction.UseNetworkId)))
        {
            Post(new Call { Code = CommandCode.Ask, Flags = (ushort)Setting.NetworkId, Argument = (uint)(100 + Ordinal) }, isRungLater: false);
        }
        else if (IsLimpet)
        {
            // It is asked for all the same, if nobody can doubt the answer.
            IsLimpet = false;
            if (!_world.Laws.AreChanging)
            {
                Ask(Setting.NetworkId, (uint)(100 + Ordinal), isRungLater: false);
            }
        }

        return true;
    }

    private void Entered(uint ksock, uint maxMessages)
    {
        KsockId = ksock;
        OpenedBy = _world.Tick();
        MaxMessages.Add(new Choice(maxMessages, AskedFrom, OpenedBy));
        OnlyOnce.Add(new Choice(0, AskedFrom, OpenedBy));
        _world.Log($"{this} is Ksock {KsockId} of bus {Bus.Number}{(IsLimpet ? ", a Limpet's" : IsGuest ? ", a device file" : "")}");
    }

    /// <summary>Does what a step says, as far as its state allows it.</summary>
    public void Do(Act act, ref Dice dice)
    {
        if (!TryEnter())
        {
            if (!IsGuest)
            {
                Depart(act, ref dice);
            }

            return;
        }

        if (IsHonest && WasThrownOut)
        {
            LeaveByPolicy();
            return;
        }

        if (_stoppedFor > 0 && act is not (Act.Die or Act.HangUp))
        {
            _stoppedFor--;
            return;
        }

        if (IsHonest && !dice.OneIn(3))
        {
            Hear();
        }

        if (_isPatient)
        {
            RetryIfRung();
        }

        if (dice.OneIn(3))
        {
            WakeUp();
        }

        if (!Depart(act, ref dice))
        {
            Carry(act, ref dice);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _guest?.Forget();
        _areas.Dispose();
        _memory?.Dispose();
        _bell?.Dispose();
        _socket?.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => $"member {Ordinal}";

    private void Carry(Act act, ref Dice dice)
    {
        switch (act)
        {
            case Act.Bind: Bind(ref dice); break;
            case Act.Watch: Bind(Judgement.EventName, isReplier: false, isRungLater: false); break;
            case Act.Join: Bind(_world.Scenario.Names[0], isReplier: false, isRungLater: false); break;
            case Act.Report: Ask(Setting.ReportBinds, 1, isRungLater: false); break;
            case Act.Unbind: Unbind(ref dice); break;
            case Act.Announce: Send(ref dice, isRequest: false); break;
            case Act.Request: Send(ref dice, isRequest: true); break;
            case Act.Reply: Reply(ref dice); break;
            case Act.Take: TakeOne(); break;
            case Act.TakeSome: TakeSome(1 + dice.Below(6)); break;
            case Act.Empty: Empty(ref dice); break;
            case Act.Peek: PeekOrTakePeeked(); break;
            case Act.Sleep: GoToSleep(ref dice); break;
            case Act.MakeBus when !IsGuest: Ask(Setting.NewDevice, 0, isRungLater: false); break;
            case Act.Tend: Tend(ref dice); break;
            case Act.Ask: Ask(ref dice); break;
            case Act.FindReplier: FindReplier(ref dice); break;
            case Act.Withdraw: Withdraw(ref dice); break;
            case Act.GiveBack: GiveBack(); break;
            case Act.Stop: _stoppedFor = 1 + dice.Below(20); break;
            case Act.Scribble when !IsGuest: Scribble(ref dice); break;
        }
    }

    /// <summary>What the kernel would say of a process.</summary>
    internal static PeerCredentials Peer(int process, uint user)
    {
        PeerCredentials peer = default;
        Span<uint> words = MemoryMarshal.Cast<PeerCredentials, uint>(MemoryMarshal.CreateSpan(ref peer, 1));
        words[0] = (uint)process;
        words[1] = user;
        words[2] = user;
        return peer;
    }

    private static void Check(int result, [CallerArgumentExpression(nameof(result))] string what = "")
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"{what}: {(Errno)(-result)}");
        }
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>A Ksock on a bus in another process: commands go into one ring in shared memory, messages come out of another.</summary>
/// <remarks>
/// It makes the objects that do this, each of which knows only those before it in <c>docs/architecture.md</c>, and hands each call to the
/// one that it is for. Any thread may call. It has no lock; those of its objects stand in <c>docs/threading.md</c>.
/// </remarks>
internal sealed class LinkHost : KsockHost, IRung
{
    // Whoever closes a Ksock waits so long for a bus that stands still, and then hangs up.
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    private readonly LinkLife _life;
    private readonly CommandChannel _channel;
    private readonly SendLedger _ledger;
    private readonly NewsBoard _board;
    private readonly PostedOutcomes _outcomes;
    private readonly ExactReadiness _readiness;
    private readonly Inbox _inbox;
    private readonly Posting _posting;
    private readonly Sending _sending;
    private readonly SocketSleep _sleep;

    private LinkHost(OpenedLink link, KsockMode mode, KsockOptions options)
    {
        (Device, KsockId, Mode) = (link.Device, link.KsockId, mode);
        _life = new LinkLife(link);
        _channel = new CommandChannel(_life, options);
        Requests = new Requests(link.KsockId, answersAtEnd: true);
        _ledger = new SendLedger(_life, Requests);
        _board = new NewsBoard(_life, _channel);
        _outcomes = new PostedOutcomes(_life, _channel, _ledger, _board);
        var writability = new Writability(_life, _board, mode, _ledger);
        _readiness = new ExactReadiness(_life, _channel, _board, writability);
        _inbox = new Inbox(_life, _channel, _ledger, _board, _outcomes, _readiness, link.KsockId);
        var writer = new MessageWriter(_life, _channel, _ledger, _outcomes, mode);
        _posting = new Posting(_life, _channel, _ledger, _outcomes, writer);
        _sending = new Sending(_life, _channel, _ledger, writer, _inbox, mode);
        _sleep = new SocketSleep(_life, _channel, _ledger, _board, _readiness, _inbox, _sending, mode);

        // What an object tells those that come after it.
        _life.OnDeath = OnDeath;
        _life.OnUnused = Free;
        _channel.WhileWaiting = _outcomes.DrainPosted;
        _ledger.OnChange = writability.Show;
        _ledger.OnWait = _board.WakeSleeper;
        _ledger.OnGone = OnGone;
        _ledger.OnAcceptedLate = _inbox.RecordAcceptedLate;
        _board.OnHeard = _outcomes.TellPosted;
        _board.OnWatch = _outcomes.DrainPosted;
        _board.OnPump = () => LinkPump.Add(this);
        _outcomes.IsTimeToAskForDeath = _inbox.IsTimeToAskForDeath;
        _readiness.CanBeTaken = _inbox.SomethingCanBeTaken;
    }

    public override uint Device { get; }

    public override uint KsockId { get; }

    public override KsockMode Mode { get; }

    public override string? Fault => _life.Fault;

    public override uint MaxMessageSize => _life.TryEnter() ? _life.Leave(Volatile.Read(ref _life.Memory.Header.MaxMessageSize)) : 0;

    public override Requests Requests { get; }

    public override bool IsSending => _ledger.IsSending;

    public override int Descriptor => _readiness.Descriptor;

    public override bool HasMessage => _life.TryEnter() && _life.Leave(_inbox.HasRecord(forAnswer: false));

    public override bool HasDescriptor => _life.TryEnter() && _life.Leave(_life.HasSocket());

    /// <summary>The socket's number, for the pump.</summary>
    public int SocketNumber => _life.Socket.Number;

    /// <summary>Opens a Ksock on a bus of a daemon, which is started if there is none and that is allowed.</summary>
    /// <exception cref="KbusException">It cannot be opened.</exception>
    public static LinkHost Open(uint device, KsockMode mode, KsockOptions options) =>
        new(LinkOpening.Open(device, mode, options), mode, options);

    public override Errno Bind(ReadOnlySpan<byte> name, bool isReplier) =>
        _channel.Command(CommandCode.Bind, isReplier ? CommandFlags.Replier : (ushort)0, Limited(name), out _);

    public override Errno Unbind(ReadOnlySpan<byte> name, bool isReplier)
    {
        Errno error = _channel.Command(CommandCode.Unbind, isReplier ? CommandFlags.Replier : (ushort)0, Limited(name), out _);
        if (error == Errno.None)
        {
            // What was queued because of the binding has gone with it, perhaps everything.
            _readiness.SettleAfterLoss();
        }

        return error;
    }

    public override Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier)
    {
        ushort flags = isMatching ? CommandFlags.Matching : (ushort)0;
        Errno error = _channel.Command(CommandCode.FindReplier, flags, Limited(name), out Completion completion);
        replier = error == Errno.None ? completion.Value : 0;
        return error;
    }

    public override Errno Ask(Setting setting, uint value, out uint result)
    {
        Errno error = _channel.Command(CommandCode.Ask, (ushort)setting, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)), out Completion completion);
        result = completion.Value;
        _ledger.IsLimpet |= setting == Setting.NetworkId && (result != 0 || error == Errno.EINPROGRESS);
        return error;
    }

    public override Errno Send(in OutgoingMessage message, SendManner manner, Deadline deadline, out MessageId id) =>
        _sending.Send(message, manner, deadline, out id);

    public override Errno Retry(Deadline deadline, out MessageId id) => _sending.Retry(deadline, out id);

    public override Errno Discard() => _sending.Discard();

    public override Errno Poll(Deadline deadline, out bool readable, out bool writable) => _sending.Poll(deadline, out readable, out writable);

    public override Errno LastSent(out MessageId id) => _sending.LastSent(out id);

    public override ulong Post(in OutgoingMessage message, IPostedSend done, Deadline deadline) => _posting.Post(message, done, deadline);

    public override ulong PostAll<T>(in T messages, SendRun run) => _posting.PostAll(messages, run);

    public override Errno SendUnanswered<T>(ref T announcements) => _posting.SendUnanswered(ref announcements);

    public override void LookForOutcome(ulong post) => _outcomes.LookForOutcome(post);

    public override Errno SettleOutcomes(ulong post, Deadline deadline) => _outcomes.SettleOutcomes(post, deadline);

    public override void TellOutcome(ulong post) => _outcomes.TellOutcome(post);

    public override bool WithdrawPost(ulong post) => _outcomes.WithdrawPost(post);

    public override void WithdrawRun(SendRun run) => _outcomes.WithdrawRun(run);

    public override Errno TryTake(MessageBuffer target) => _inbox.TryTake(target);

    public override Errno TryTakeSome(ReadOnlySpan<MessageBuffer> targets, out int count) => _inbox.TryTakeSome(targets, out count);

    public override int TakeInPlace<T>(ref T reader) => _inbox.TakeInPlace(ref reader);

    public override void TakeAnswers(PendingAnswer? own) => _inbox.TakeAnswers(own);

    public override void GiveUp(PendingAnswer pending) => _inbox.GiveUp(pending);

    public override bool WaitBriefly(TimeSpan timeout, bool forAnswer = false) => _sleep.WaitBriefly(timeout, forAnswer);

    public override long WatchNews(bool forAnswers = false) => _board.WatchNews(forAnswers);

    public override Errno WaitForNews(long since, TimeSpan timeout) => _sleep.WaitForNews(since, timeout);

    public override void NotifyOfNews(long since, Action signal) => _board.NotifyOfNews(since, signal);

    public override Errno SleepOnDescriptor(bool forMessage, bool forRoom, bool looks, TimeSpan timeout) =>
        _sleep.SleepOnDescriptor(forMessage, forRoom, looks, timeout);

    public override void BeginWait(bool looks) => _readiness.BeginWait(looks);

    public override void EndWait(bool looks) => _readiness.EndWait(looks);

    public override void AwaitRing() => _readiness.AwaitRing();

    public override void Dispose()
    {
        if (!_life.BeginDisposing())
        {
            return;
        }

        if (_life.HasSocket() && !_life.IsDead)
        {
            // The host itself is still counted in. A bus that stands still finds, when it goes on, that this link has hung up.
            _ = _channel.CommandEntered(CommandCode.Close, 0, default, out _, Deadline.After(ClosingTime));
        }

        // Hung up first, so that nobody goes on sleeping here; the memory goes when the last call has left.
        _life.MarkDead();
        _ = LibC.Shutdown(_life.Socket.Number);
        _board.MakeNews();

        // Commands are carried out in order, so every posted send has its outcome now; the pump may not come to it any more.
        _outcomes.DrainWaiting(isLast: false);
        _life.Leave(0);
    }

    /// <summary>The link's socket has something.</summary>
    /// <param name="isGone">Whether the bus has hung up.</param>
    public void OnRing(bool isGone) => _sleep.OnRing(isGone);

    /// <summary>A fault of ours came up in a thread of ours. It ends this link as the death of its bus would; errors name the fault.</summary>
    public void EndByFault(Exception fault)
    {
        if (!_life.TryEnter())
        {
            return;
        }

        _life.EndByFault(fault);

        // Whoever has thrown has been told. Those behind it wait still: each attempt comes at least one further.
        for (int left = _channel.Slots + 1; left > 0; left--)
        {
            try
            {
                OnDeath();
                break;
            }
            catch (Exception)
            {
            }
        }

        _life.Leave(0);
    }

    private void OnDeath()
    {
        _board.MakeNews();
        _outcomes.DrainPosted();
    }

    private void OnGone()
    {
        // The bus does not ring for what this process has done itself.
        _board.MakeNews();
        _board.WakeSleeper();
    }

    private void Free()
    {
        LinkPump.Remove(this);

        // Whoever takes is not counted, but holds this lock.
        lock (_readiness.TakeLock)
        {
            _inbox.Dispose();
            _board.Areas.Dispose();
            _life.Memory.Dispose();
            _life.Bell.Dispose();
            _life.Socket.Dispose();
        }
    }

    /// <summary>A name that is too long stays too long, however much is left of it.</summary>
    private static ReadOnlySpan<byte> Limited(ReadOnlySpan<byte> name) =>
        name.Length > MessageName.MaxLength + 1 ? name[..(MessageName.MaxLength + 1)] : name;
}

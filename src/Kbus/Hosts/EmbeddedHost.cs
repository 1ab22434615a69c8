using System.Diagnostics;
using Kbus.Core;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>A Ksock on a bus in this process: each call is an operation on the bus, under the bus's lock, on the caller's thread.</summary>
/// <remarks>
/// News is a number that goes up, under the bus's lock, with each delivery and each reason to try a waiting send again. Who waits
/// says so under that lock before sleeping on the host's own bell, so the one who makes news rings only if somebody sleeps.
/// </remarks>
internal sealed partial class EmbeddedHost : KsockHost
{
    private readonly EmbeddedBus _embedded;
    private readonly Bus _bus;
    private readonly Lock _gate;
    private readonly KsockState _state;
    private readonly MessageBuffer _answer = new();
    private bool _isClosed;

    /// <summary>Opens a Ksock.</summary>
    public EmbeddedHost(EmbeddedBus embedded, KsockMode mode)
    {
        _embedded = embedded;
        _bus = embedded.Bus;
        _gate = embedded.Gate;
        Mode = mode;
        lock (_gate)
        {
            _state = _bus.Open((mode & KsockMode.Write) != 0, new EmbeddedCarrier(this));
            Requests = new Requests(_state.Id, answersAtEnd: false);
            embedded.Hosts.Add(this);
            _isDead = embedded.IsDead;
        }
    }

    public override uint Device => _embedded.Device;

    public override uint KsockId => _state.Id;

    public override KsockMode Mode { get; }

    public override uint MaxMessageSize => _bus.MaxMessageSize;

    public override Requests Requests { get; }

    public override bool IsSending => _state.Waiting is not null;

    public override int Descriptor => -1;

    public override bool ClosingWaits => false;

    public override Errno Bind(ReadOnlySpan<byte> name, bool isReplier)
    {
        lock (_gate)
        {
            Errno error = Check();
            return error == Errno.None ? _bus.Bind(_state, name, isReplier) : error;
        }
    }

    public override Errno Unbind(ReadOnlySpan<byte> name, bool isReplier)
    {
        lock (_gate)
        {
            Errno error = Check();
            return error == Errno.None ? _bus.Unbind(_state, name, isReplier) : error;
        }
    }

    public override Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier)
    {
        lock (_gate)
        {
            replier = 0;
            Errno error = Check();
            return error == Errno.None ? _bus.FindReplier(name, isMatching, out replier) : error;
        }
    }

    public override Errno Send(in OutgoingMessage message, SendManner manner, Deadline deadline, out MessageId id)
    {
        Errno error = SendUntold(message, manner, out id);
        if (message.Tag != 0)
        {
            Requests.Sent(message.Tag, error, id);
        }

        return error;
    }

    private Errno SendUntold(in OutgoingMessage message, SendManner manner, out MessageId id)
    {
        id = default;
        Errno error = (manner & SendManner.Written) == 0 ? CheckSize(message) : Errno.None;
        if (error != Errno.None)
        {
            return error;
        }

        lock (_gate)
        {
            error = CheckSend(message);
            if (error != Errno.None)
            {
                return error;
            }

            StoredMessage stored = _bus.Pool.Compose(message.Header, message.Name, message.Data);
            stored.Tag = message.Tag;
            return _bus.Send(_state, stored, out id);
        }
    }

    public override Errno Retry(Deadline deadline, out MessageId id)
    {
        id = default;
        lock (_gate)
        {
            Errno error = Check();
            if (error != Errno.None)
            {
                return error;
            }

            return _state.Waiting is null ? Errno.ENOMSG : _bus.Retry(_state, out id);
        }
    }

    public override Errno Discard()
    {
        lock (_gate)
        {
            Errno error = Check();
            if (error == Errno.None)
            {
                _bus.Discard(_state);
                MakeNews();
            }

            return error;
        }
    }

    public override Errno Poll(Deadline deadline, out bool readable, out bool writable)
    {
        lock (_gate)
        {
            readable = false;
            writable = false;
            Errno error = Check();
            if (error == Errno.None)
            {
                (readable, writable) = _bus.Poll(_state);
            }

            return error;
        }
    }

    public override Errno TryTake(MessageBuffer target)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            if (!_bus.Take(_state, out DeliveredMessage delivered))
            {
                return _isDead ? Errno.ENODEV : Errno.ENOMSG;
            }

            Copy(delivered, target);
            return Errno.None;
        }
    }

    public override void TakeAnswers(PendingAnswer? own)
    {
        lock (_gate)
        {
            TakeAnswers();
        }
    }

    public override void GiveUp(PendingAnswer pending)
    {
        lock (_gate)
        {
            TakeAnswers();
            if (!_isClosed && Requests.IsAwaited(pending.Tag))
            {
                _bus.Withdraw(_state, pending.Tag);
            }

            Requests.GiveUp(pending);
        }
    }

    public override Errno Ask(Setting setting, uint value, out uint result)
    {
        result = 0;
        if (setting == Setting.NewDevice)
        {
            return _embedded.Owner.TryAddBus(out result) ? Errno.None : Errno.EINVAL;
        }

        lock (_gate)
        {
            Errno error = Check();
            return error == Errno.None ? _bus.Ask(_state, setting, value, out result) : error;
        }
    }

    public override Errno LastSent(out MessageId id)
    {
        lock (_gate)
        {
            Errno error = Check();
            id = error == Errno.None ? _state.LastSent : default;
            return error;
        }
    }

    public override ulong Post(in OutgoingMessage message, IPostedSend done, Deadline deadline)
    {
        Errno error = Send(message, SendManner.None, out MessageId id);
        done.Complete([new SendOutcome(error, id)]);
        return 0;
    }

    public override ulong PostAll<T>(in T messages, SendRun run)
    {
        int posted = 0;
        for (int i = 0; i < messages.Count; i++)
        {
            Errno error = messages.TryGet(i, out OutgoingMessage message);
            if (error == Errno.None)
            {
                _ = Post(message, run, Deadline.Never);
                posted++;
            }
            else
            {
                run.Fail(i, error);
            }
        }

        run.Posted(posted);
        return 0;
    }

    public override Errno SendUnanswered<T>(ref T announcements)
    {
        while (announcements.TryNext(out OutgoingMessage message))
        {
            Errno error = Send(message, SendManner.None, out _);
            if (error is Errno.EBADF or Errno.ENODEV)
            {
                return error;
            }

            if (error != Errno.None)
            {
                announcements.Refuse(error);
            }
        }

        return Errno.None;
    }

    public override void LookForOutcome(ulong post)
    {
        // Every post was answered before it returned.
    }

    public override void TellOutcome(ulong post)
    {
        // Every post was answered before it returned.
    }

    public override Errno SettleOutcomes(ulong post, Deadline deadline)
    {
        // Every post was answered before it returned.
        return Errno.None;
    }

    public override bool WithdrawPost(ulong post) => false;

    public override void WithdrawRun(SendRun run)
    {
        // Every post was answered before it returned.
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            _bus.Close(_state);
            _embedded.Hosts.Remove(this);
            MakeNews();
        }
    }

    /// <summary>Takes the answers on their lane. Under the bus's lock.</summary>
    private void TakeAnswers()
    {
        while (!_isClosed && _bus.TakeAnswer(_state, out DeliveredMessage delivered))
        {
            uint tag = delivered.Message.AnsweredTag;
            Copy(delivered, _answer);
            if (Requests.TryAnswer(tag, _answer) is { IsOfThread: true })
            {
                MakeNews();
            }
        }
    }

    private static void Copy(in DeliveredMessage delivered, MessageBuffer target)
    {
        StoredMessage message = delivered.Message;
        message.CopyEntire(0, target.Prepare(message.EntireLength), delivered.Flags);
        message.Release();
        bool fits = target.Commit();
        Debug.Assert(fits, "what the bus stores is an entire message");
    }

    private Errno Check() => _isClosed ? Errno.EBADF : _isDead ? Errno.ENODEV : Errno.None;

    /// <summary>What writing the message would say, in the order in which it would say it. Spec sections 2.3, 3.5.</summary>
    private Errno CheckSend(in OutgoingMessage message)
    {
        Errno error = Check();
        if (error != Errno.None)
        {
            return error;
        }

        if (!_state.CanWrite)
        {
            return Errno.EBADF;
        }

        if (_state.Waiting is not null)
        {
            return Errno.EALREADY;
        }

        MessageHeader complete = message.Header;
        complete.StartGuard = MessageHeader.StartGuardValue;
        complete.EndGuard = MessageHeader.EndGuardValue;
        complete.NameLength = (uint)message.Name.Length;
        complete.DataLength = (uint)message.Data.Length;
        complete.NamePointer = 0;
        complete.DataPointer = 0;

        // The limit in force was looked at when the header was complete, which may have been before it was lowered.
        return MessageCheck.Header(complete, uint.MaxValue);
    }

    /// <summary>The bus's limit of message size counts when a header is complete, which here is now. Spec sections 3.5 and 7 (MAXMSGSIZE).</summary>
    private Errno CheckSize(in OutgoingMessage message)
    {
        uint most = MaxMessageSize;
        if (MessageLayout.EntireLength((uint)message.Name.Length, (uint)message.Data.Length) <= most || most == 0 || IsSending || (Mode & KsockMode.Write) == 0)
        {
            return Errno.None;
        }

        MessageHeader complete = message.Header;
        complete.StartGuard = MessageHeader.StartGuardValue;
        complete.EndGuard = MessageHeader.EndGuardValue;
        complete.NameLength = (uint)message.Name.Length;
        complete.DataLength = (uint)message.Data.Length;
        return MessageCheck.Header(complete, most);
    }
}

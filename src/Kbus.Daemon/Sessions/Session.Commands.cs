using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <content>The commands of the process.</content>
internal sealed partial class Session
{
    private const int MostCommandsAtOnce = 64;
    private const int MostBytesAtOnce = 256 * 1024;

    // Some 200 microseconds.
    private const ulong MostStepsAtOnce = 2000;

    private readonly CompletionSlot[] _answered = new CompletionSlot[MostCommandsAtOnce];
    private readonly List<Session> _toRing = [];
    private int _answeredCount;
    private LinkNews _answerNews;
    private ulong _tellUntil;
    private bool _isTelling;
    private StoredMessage? _incoming;
    private PlacedPayload? _incomingData;
    private long _incomingFilled;
    private long _incomingExpected;
    private Errno _incomingError;

    /// <summary>Carries out a bounded share of the commands, and answers them once their recipients have been rung.</summary>
    /// <returns>The number of commands carried out.</returns>
    public int Serve()
    {
        if (IsRinging)
        {
            _thread.Ring(_toRing);
            _isTelling = _isTelling && !_thread.TellSome(_tellUntil);
            Answer();
            return 1;
        }

        int served = 0;
        int bytes = 0;
        ulong end = _thread.Bus.Steps + MostStepsAtOnce;
        while (served < MostCommandsAtOnce && bytes < MostBytesAtOnce && _thread.Bus.Steps < end && Fault == LinkFault.None && !IsClosed)
        {
            CommandLook look = _commands.TryRead(out CommandRecord command, out ReadOnlySpan<byte> body);
            if (look != CommandLook.Command)
            {
                Fail(look == CommandLook.Malformed ? _commands.Fault : LinkFault.None);
                break;
            }

            served++;
            bytes += body.Length;
            Completion result = Execute(command, body);
            _commands.Advance();
            if (result.Error == (int)Errno.EDQUOT && command.Opcode != (ushort)CommandCode.Ask)
            {
                // This is the last refusal now, and the bus's.
                BusRefusal = null;
            }

            if (command.Sequence != 0)
            {
                _answered[_answeredCount++] = CompletionSlot.Of(command.Sequence, result);
                _answerNews |= result.Error != 0 ? LinkNews.Completion | LinkNews.Failure : LinkNews.Completion;
            }
        }

        _thread.Carried(served, bytes);
        _thread.RingRecipients(_toRing);
        if (IsClosed)
        {
            EndRinging();
        }

        Answer();
        return served;
    }

    /// <summary>The session ends: the bus rings its remaining recipients.</summary>
    public void EndRinging()
    {
        _isTelling = false;
        _thread.RingFor(_toRing);
    }

    /// <summary>Answers the commands that were carried out, once all of their recipients have been rung.</summary>
    private void Answer()
    {
        if (IsRinging || _answeredCount == 0)
        {
            return;
        }

        foreach (ref readonly CompletionSlot answered in _answered.AsSpan(0, _answeredCount))
        {
            _completions.Publish(answered);
        }

        LinkNews news = _answerNews;
        _answeredCount = 0;
        _answerNews = LinkNews.None;
        _completions.Wake();
        _doorbell.RingIfWantedAfterFence(news);
    }

    private Completion Execute(in CommandRecord command, ReadOnlySpan<byte> body)
    {
        switch ((CommandCode)command.Opcode)
        {
            case CommandCode.Send:
                return Send(command, body);
            case CommandCode.SendBegin:
                return BeginIncoming(command, body);
            case CommandCode.SendPart:
                return AddIncoming(body);
            case CommandCode.Retry:
                return Retry();
            case CommandCode.Discard:
                DiscardIncoming();
                _thread.Operations.Discard(State);
                return default;
            case CommandCode.Poll:
                return Poll();
            case CommandCode.Bind:
            case CommandCode.Unbind:
            case CommandCode.FindReplier:
                return OfName(command, body);
            case CommandCode.Ask:
                return Ask((Setting)command.Flags, body);
            case CommandCode.LastSent:
                return WithId(Errno.None, State.LastSent);
            case CommandCode.NoteTakes:
            case CommandCode.Refill:
                _thread.Operations.NoteTakes(State);
                Refill();
                if (_areasToSend.Count > 0)
                {
                    RingLater(LinkNews.Delivery);
                }

                return default;
            case CommandCode.Withdraw:
                return Withdraw(body);
            case CommandCode.Release:
                return Release(body);
            case CommandCode.RingMe:
                RingNow();
                return default;
            case CommandCode.Close:
                _thread.Close(this);
                return default;
            case CommandCode.Withdrawn:
                DiscardIncoming();
                return new Completion((int)Errno.ECANCELED);
            default:
                Fail(LinkFault.CommandMeaningless);
                return default;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Completion Send(in CommandRecord command, ReadOnlySpan<byte> body)
    {
        uint tag = TakeTag(command, ref body);
        if (body.Length < MessageHeader.Size)
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        // Copied first, checked afterwards: the process may change the shared bytes at any time.
        StoredMessage message = _thread.Bus.Pool.Rent(body.Length, body.Length);
        body.CopyTo(message.Buffer);
        if (!IsSound(message.Header, out Errno error) || error != Errno.None || message.Header.EntireLength != body.Length)
        {
            message.Release();
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        return Finish(message, tag);
    }

    /// <summary>Validates a header. The library has checked it, so the only fault allowed here is a message that is too big.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsSound(in MessageHeader header, out Errno error)
    {
        error = MessageCheck.Header(header, _thread.Bus.AbsoluteMaxMessageSize);
        return error is Errno.None or Errno.EMSGSIZE && !header.IsPointy && (Mode & KsockMode.Write) != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Completion Finish(StoredMessage message, uint tag)
    {
        message.Seal();
        message.Tag = tag;
        Errno error = Admission.Send(State, message, out MessageId id);
        return WithId(error, id);
    }

    /// <summary>The tag under which the answer is awaited, which stands before the message; 0 if none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TakeTag(in CommandRecord command, ref ReadOnlySpan<byte> body)
    {
        if ((command.Flags & CommandFlags.Awaited) == 0 || body.Length < AnswerTag.Size)
        {
            return 0;
        }

        uint tag = MemoryMarshal.Read<uint>(body);
        body = body[AnswerTag.Size..];
        return tag;
    }

    private Completion Withdraw(ReadOnlySpan<byte> body)
    {
        if (body.Length != sizeof(ulong))
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        uint tag = (uint)MemoryMarshal.Read<ulong>(body);
        if (_incoming is { } incoming && incoming.Tag == tag)
        {
            // Some of the Request is still to come, so the bus does not know it yet.
            incoming.Tag = 0;
        }

        _thread.Operations.Withdraw(State, tag);
        return default;
    }

    private Completion BeginIncoming(in CommandRecord command, ReadOnlySpan<byte> body)
    {
        DiscardIncoming();
        uint tag = TakeTag(command, ref body);
        MessageHeader header = body.Length < MessageHeader.Size ? default : MemoryMarshal.Read<MessageHeader>(body);
        if (!IsSound(header, out _incomingError)
            || body.Length != MessageLayout.DataOffset(header.NameLength)
            || header.DataLength == 0)
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        // A refused message is still received to its end, and refused then.
        _incomingExpected = header.DataLength;
        _incomingFilled = 0;
        if (_incomingError == Errno.None && !_thread.Operations.TryReserve(State, (int)header.EntireLength))
        {
            _incomingError = Errno.EDQUOT;
        }

        if (_incomingError == Errno.None)
        {
            _incomingData = _thread.Payloads.TryPlace(Peer.UserId, (int)header.DataLength);
            _incomingError = _incomingData is null ? Errno.ENOMEM : Errno.None;
        }

        if (_incomingError != Errno.None)
        {
            // It is counted and watched as soon as that is sure, without its data, which nobody will have.
            StoredMessage refused = _thread.Bus.Pool.Compose(header, body.Slice(MessageHeader.Size, (int)header.NameLength), default);
            _thread.Bus.RecordRefusal(State, refused, _incomingError);
            refused.Release();
        }

        if (_incomingData is not null)
        {
            StoredMessage message = _thread.Bus.Pool.Rent((int)header.EntireLength, body.Length);
            body.CopyTo(message.Buffer);
            message.Header = header;
            message.Payload = _incomingData;
            message.Tag = tag;
            _incoming = message;
        }

        return default;
    }

    private Completion AddIncoming(ReadOnlySpan<byte> part)
    {
        if (part.Length > _incomingExpected - _incomingFilled)
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        if (_incomingData is not null)
        {
            part.CopyTo(_incomingData.ToFill[(int)_incomingFilled..]);
        }

        _incomingFilled += part.Length;
        if (_incomingFilled < _incomingExpected)
        {
            return default;
        }

        _incomingExpected = 0;
        _incomingFilled = 0;
        _incomingData = null;
        StoredMessage? message = _incoming;
        _incoming = null;
        _thread.Operations.ReturnReserved(State);
        return message is null ? WithId(_incomingError, default) : Finish(message, message.Tag);
    }

    private void DiscardIncoming()
    {
        _incoming?.Release();
        _incoming = null;
        _thread.Operations.ReturnReserved(State);
        _incomingData = null;
        _incomingExpected = 0;
        _incomingFilled = 0;
    }

    private Completion Retry()
    {
        if (State.Waiting is null)
        {
            return WithId(Errno.ENOMSG, default);
        }

        Errno error = Admission.Retry(State, out MessageId id);
        return WithId(error, id);
    }

    private Completion Poll()
    {
        (bool readable, bool writable) = _thread.Operations.Poll(State);
        PollFlags flags = (readable ? PollFlags.Readable : PollFlags.None) | (writable ? PollFlags.Writable : PollFlags.None);
        return new Completion(0, (uint)flags);
    }

    private Completion OfName(in CommandRecord command, ReadOnlySpan<byte> body)
    {
        // One byte more than the longest name, so that a name that is too long is still detected.
        Span<byte> copy = stackalloc byte[MessageName.MaxLength + 1];
        ReadOnlySpan<byte> shortened = body.Length > copy.Length ? body[..copy.Length] : body;
        shortened.CopyTo(copy);
        ReadOnlySpan<byte> name = copy[..shortened.Length];
        bool isReplier = (command.Flags & CommandFlags.Replier) != 0;
        bool isMatching = (command.Flags & CommandFlags.Matching) != 0;
        uint found = 0;
        Errno error = (CommandCode)command.Opcode switch
        {
            CommandCode.Bind => Admission.Bind(State, name, isReplier),
            CommandCode.Unbind => _thread.Operations.Unbind(State, name, isReplier),
            _ => _thread.Operations.FindReplier(name, isMatching, out found),
        };
        return new Completion((int)error, error == Errno.EPERM ? Admission.Line : found);
    }

    private Completion Ask(Setting setting, ReadOnlySpan<byte> body)
    {
        if (body.Length != sizeof(uint))
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        uint argument = MemoryMarshal.Read<uint>(body);
        uint value;
        Errno error;
        if (setting == Setting.NewDevice)
        {
            error = Admission.MakeBus(State);
            value = Admission.Line;
            error = error == Errno.None ? _thread.NewDevice(this, out value) : error;
        }
        else if (BusRefusal is { } refusal && setting is Setting.QuotaRefused or Setting.QuotaLimit)
        {
            error = Errno.None;
            value = setting == Setting.QuotaRefused ? refusal.Word : refusal.LimitWord;
        }
        else
        {
            error = Admission.Ask(State, setting, argument, out value);
            if (setting == Setting.MaxMessageSize)
            {
                _tellUntil = _thread.BeginTelling();
                _isTelling = !_thread.TellSome(_tellUntil);
            }
        }

        return new Completion((int)error, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Completion WithId(Errno error, MessageId id) => new((int)error, id);
}

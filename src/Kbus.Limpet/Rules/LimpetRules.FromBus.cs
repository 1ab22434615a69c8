using Kbus.Core;

namespace Kbus.Limpets;

/// <content>From the bus to the peer. Spec section 12.4.</content>
internal sealed partial class LimpetRules
{
    private readonly HashSet<ReplierBindEvent> _announced = [];

    /// <summary>Looks at a message that was read from the bus.</summary>
    /// <param name="header">Its header, to be changed.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data.</param>
    /// <param name="error">With <see cref="Verdict.Answer"/>: what to answer, by <see cref="AnswerTo"/>.</param>
    public Verdict FromBus(ref MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, out Errno error)
    {
        error = Errno.None;
        bool mustBeAnswered = MustBeAnswered(header);

        // First of all: an answer that is owed crosses whatever its name, also when it is a Request itself (P2).
        bool isAnswer = header.IsReply && header.To == _ksock.Id;
        if (Frame.IsBindEvent(name) && !isAnswer)
        {
            error = Errno.EBADMSG;
            return IsFromBusItself(header) ? Stamped(ref header, BindEventFromBus(data))
                : mustBeAnswered ? Verdict.Answer
                : Verdict.Leave;
        }

        if (IsFromBusItself(header) && name.SequenceEqual(MessageName.UnbindEventsLost))
        {
            return Verdict.EventsLost;
        }

        if (RingProbe.Is(header, name))
        {
            if (header.Id.NetworkId == 0)
            {
                _judge.ClaimFromBus(data, header.From);
            }

            return Stamped(ref header, _judge.ProbeFromBus(data, header.From));
        }

        if (!mustBeAnswered && !isAnswer && !_outward.Allows(name))
        {
            return Verdict.Leave;
        }

        if (isAnswer && header.OrigFrom.NetworkId != 0)
        {
            _ways.Note(header.OrigFrom.NetworkId, header.From);
        }

        // As the peer is going to see it, and may send it back.
        StampSender(ref header);
        if (header.Id.NetworkId != 0 && !isAnswer && CameByAnotherWay(header))
        {
            error = Errno.ELOOP;
            return mustBeAnswered ? Verdict.Answer : Verdict.Leave;
        }

        if (mustBeAnswered && !Remember(header, name))
        {
            error = Errno.EALREADY;
            return Verdict.Answer;
        }

        if (header.Id.NetworkId != 0 && CarriedOut.IsTrue(header))
        {
            _carried.Note(header.Id, header.From);
        }

        return Stamped(ref header, Verdict.Carry);
    }

    /// <summary>Whether a message from the bus is an announcement of one of its own programs that may be carried: no more need be known
    /// of it.</summary>
    /// <param name="header">Its header; changed, as it is carried, if so.</param>
    /// <param name="name">Its name.</param>
    public bool IsPlain(ref MessageHeader header, ReadOnlySpan<byte> name)
    {
        bool isPlain = header.Id.NetworkId == 0 && !header.IsRequest && !header.IsReply && !name.StartsWith("$.KBUS."u8) && _outward.Allows(name);
        if (isPlain)
        {
            _ = Stamped(ref header, Verdict.Carry);
        }

        return isPlain;
    }

    /// <summary>A Request could not be carried after all. The caller answers it.</summary>
    /// <param name="request">Its id on the bus.</param>
    /// <returns>False if it has been answered already.</returns>
    public bool Forget(MessageId request) => _remembered.TryTake(request, out _);

    private bool Remember(in MessageHeader request, ReadOnlySpan<byte> name)
    {
        bool isNew = _remembered.TryAdd(request.Id, request.From, _inward.IsOpen ? default : name, out (MessageId, uint)[] givenUp);
        foreach ((MessageId forgotten, uint requester) in givenUp)
        {
            // Most of them have gone, or it would not have come to this; the bus knows.
            byte[] answer = AnswerTo(new MessageHeader { Id = forgotten, From = requester }, Errno.EBUSY, out MessageHeader header);
            _ = _ksock.Submit(header, answer, default, out _);
        }

        return isNew;
    }

    private Verdict BindEventFromBus(ReadOnlySpan<byte> data)
    {
        // The echo of a binding of our own says nothing new.
        if (!ReplierBindEvent.TryRead(data, out ReplierBindEvent bindEvent) || bindEvent.Binder == _ksock.Id)
        {
            return Verdict.Leave;
        }

        ReplierBindEvent bound = bindEvent with { IsBind = true };
        bool isNews;
        if (bindEvent.IsBind)
        {
            // One that binds while reporting is being switched on is reported twice.
            isNews = _announced.Add(bound);
        }
        else
        {
            isNews = _announced.Remove(bound);
            Proxies.BecameFree(bindEvent.BoundName);
        }

        // Requests of that name would come from the peer.
        return isNews && _inward.Allows(System.Text.Encoding.Latin1.GetBytes(bindEvent.BoundName)) ? Verdict.Carry : Verdict.Leave;
    }

    /// <summary>Whether a message with a network id is here for the second time.</summary>
    private bool CameByAnotherWay(in MessageHeader header)
    {
        if (header.Id.NetworkId == _ownId || header.Id.NetworkId == _peerId)
        {
            // It was carried away from here, or has its origin beyond. So it can have come only by other Limpets.
            _judge.Judge(header, header.From);
            return true;
        }

        bool goesRound = _watch.GoesRound(header, header.From, out _, out bool cameFromPeer);
        if (goesRound && cameFromPeer)
        {
            _judge.Judge(header, header.From);
            return true;
        }

        // Of three ways the peer's may not be among the last two; but two programs may use one id of their own choosing. And a program
        // may send again what it has received. Carried back, that would look like a ring to the Limpets on the way.
        return goesRound ? _judge.IsLimpet(header.From) : cameFromPeer && !_judge.IsLimpet(header.From);
    }

    private Verdict Stamped(ref MessageHeader header, Verdict verdict)
    {
        if (header.Id.NetworkId == 0)
        {
            header.Id = new MessageId(_ownId, header.Id.SerialNumber);
        }

        StampSender(ref header);
        return verdict;
    }

    private void StampSender(ref MessageHeader header)
    {
        if (header.OrigFrom.NetworkId == 0)
        {
            header.OrigFrom = new OrigFrom(_ownId, header.From);
        }
    }
}

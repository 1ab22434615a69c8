using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <content>From the peer to the bus. Spec section 12.5.</content>
internal sealed partial class LimpetRules
{
    private const MessageFlags NotPlain = MessageFlags.WantAReply | MessageFlags.AllOrWait | MessageFlags.AllOrFail;

    private (MessageId Id, uint Requester) _answered;

    /// <summary>Bytes of data of a bind event with the longest name.</summary>
    private static readonly int LongestBindEvent = (3 * sizeof(uint)) + (int)MessageLayout.PaddedNameLength(MessageName.MaxLength);

    /// <summary>Looks at a message that the peer sent. Bindings are made and ended here.</summary>
    /// <param name="header">Its header, to be changed. A message to be carried is then sent by the Limpet's Ksock.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data, a bind event's in this machine's order.</param>
    /// <param name="error">With <see cref="Verdict.Answer"/>: what to answer the peer, by <see cref="AnswerTo"/>.</param>
    public Verdict FromPeer(ref MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, out Errno error)
    {
        error = Errno.None;
        // First of all, whatever its name and whatever else it is: somebody waits for it (P2).
        bool isAddressed = IsSecondCopy(ref header);
        if (header.IsReply && !_networks.IsForged(header) && TryAddress(ref header, out AwaitedAnswer awaited))
        {
            error = Errno.EACCES;
            return MayAnswer(awaited, header, name) ? Verdict.Carry : Verdict.AnswerHere;
        }

        if (Frame.IsBindEvent(name))
        {
            if (IsFromBusItself(header))
            {
                BindEventFromPeer(data);
            }

            return Verdict.Leave;
        }

        if (RingProbe.Is(header, name))
        {
            return _judge.ProbeFromPeer(data);
        }

        if (header.Id.NetworkId != 0 && CameBackFromPeer(header, out Verdict verdict))
        {
            error = Errno.ELOOP;
            return verdict == Verdict.Leave && MustBeAnswered(header) ? Verdict.Answer : verdict;
        }

        if (_networks.IsForged(header))
        {
            ForgedOrigin = header.OrigFrom;
            return Verdict.Forged;
        }

        if (!_inward.Allows(name))
        {
            error = Errno.EACCES;
            return MustBeAnswered(header) ? Verdict.Answer : Verdict.Leave;
        }

        if (MustBeAnswered(header))
        {
            error = header.To != 0 && !isAddressed ? AddressStateful(ref header, name) : Errno.None;
            return error == Errno.None ? Verdict.Carry : Verdict.Answer;
        }

        return header.IsReply && !header.IsRequest ? Overheard(ref header, name) : Verdict.Carry;
    }

    /// <summary>Whether a message is an announcement of the peer's own bus that may be carried, and whose outcome nobody needs.</summary>
    /// <param name="header">Its header, which is carried as it is.</param>
    /// <param name="name">Its name.</param>
    public bool IsPlainFromPeer(in MessageHeader header, ReadOnlySpan<byte> name) =>
        (_networks.IsAny || header.OrigFrom.NetworkId == _peerId) &&
        header.Id.NetworkId == _peerId && (header.Flags & NotPlain) == 0 && !header.IsReply && !name.StartsWith("$.KBUS."u8) && _inward.Allows(name);

    /// <summary>If the Reply answers a Request that was carried from here: addresses it to who awaits it.</summary>
    private bool TryAddress(ref MessageHeader header, out AwaitedAnswer awaited)
    {
        awaited = default;

        // An id of network 0 is one of the peer's own bus; that Reply was only overheard there.
        if (header.InReplyTo.NetworkId == 0)
        {
            return false;
        }

        uint network = header.InReplyTo.NetworkId == _ownId ? 0 : header.InReplyTo.NetworkId;
        var request = new MessageId(network, header.InReplyTo.SerialNumber);
        if (!_remembered.TryTake(request, out awaited))
        {
            return false;
        }

        header.InReplyTo = request;
        header.To = awaited.Requester;

        if (header.IsOverheard)
        {
            // The requester's copy of an answer that is a Request too. The replier's copy follows.
            _answered = (header.Id, awaited.Requester);
            header.Flags &= ~MessageFlags.WantAReply;
        }

        // A Request keeps its id, by which its own answer finds the way back.
        header.Id = header.IsRequest ? header.Id : default;
        return true;
    }

    /// <summary>Whether the message is the replier's copy of an answer that is a Request too. A bus gives both copies to a Limpet that is
    /// requester and replier. Then the Request goes to who asked first, and to nobody else.</summary>
    private bool IsSecondCopy(ref MessageHeader header)
    {
        bool isSecond = header.IsReply && MustBeAnswered(header) && header.Id == _answered.Id;
        if (isSecond)
        {
            header.To = _answered.Requester;
            header.InReplyTo = default;
            _answered = default;
        }

        return isSecond;
    }

    /// <summary>An answer has the name of its Request, or says why there is none. An answer of another name would reach the listeners of
    /// that name.</summary>
    private bool MayAnswer(AwaitedAnswer awaited, in MessageHeader header, ReadOnlySpan<byte> name) =>
        _inward.Allows(name) || (!header.IsRequest && (name.StartsWith("$.KBUS."u8) || name.SequenceEqual(awaited.Name)));

    /// <summary>A Reply that was exchanged beyond: for this bus's listeners, in answer to the Request as they have seen it.</summary>
    private Verdict Overheard(ref MessageHeader header, ReadOnlySpan<byte> name)
    {
        // A Status that nobody awaits any more is no news to a listener. A Request that was carried from here has had its answer, and an
        // answer that was carried from here has been received.
        if (name.StartsWith("$.KBUS."u8) || header.InReplyTo.NetworkId == _ownId || header.OrigFrom.NetworkId == _ownId)
        {
            return Verdict.Leave;
        }

        if (header.InReplyTo.NetworkId == 0)
        {
            header.InReplyTo = new MessageId(_peerId, header.InReplyTo.SerialNumber);
        }

        header.To = 0;
        return Verdict.Carry;
    }

    /// <summary>A stateful Request goes to its one Ksock, if this is its bus. Otherwise it goes to the Limpet that knows the way
    /// there.</summary>
    /// <returns>None, EADDRNOTAVAIL (nobody replies), EPIPE (another Ksock does), or another error of the bus. Whether the right one is
    /// still the replier on its own bus is found out by sending.</returns>
    private Errno AddressStateful(ref MessageHeader header, ReadOnlySpan<byte> name)
    {
        if (header.FinalTo.NetworkId == _ownId)
        {
            header.To = header.FinalTo.LocalId;
            header.FinalTo = new OrigFrom(0, header.FinalTo.LocalId);
            return header.To != 0 ? Errno.None : Errno.EPIPE;
        }

        Errno error = _ksock.Bare.FindReplierFor(name, out uint replier);
        if (error == Errno.None && replier == 0)
        {
            return Errno.EADDRNOTAVAIL;
        }

        header.To = error == Errno.None ? replier : header.To;
        return error == Errno.None && !_ways.MayBe(header.FinalTo.NetworkId, replier) ? Errno.EPIPE : error;
    }

    private void BindEventFromPeer(ReadOnlySpan<byte> data)
    {
        // A name is checked before anything is made of it: it may be as long as a message.
        if (data.Length > LongestBindEvent || !ReplierBindEvent.TryRead(data, out ReplierBindEvent bindEvent) || bindEvent.BoundName.Length > MessageName.MaxLength)
        {
            throw new WireException($"a bind event has data that is none, {data.Length} bytes");
        }

        byte[] name = Encoding.Latin1.GetBytes(bindEvent.BoundName);

        if (!bindEvent.IsBind)
        {
            Proxies.Unbind(bindEvent.BoundName);
        }
        else if (_outward.Allows(name))
        {
            // Requests of that name will go to the peer.
            Proxies.Bind(bindEvent.BoundName);
        }
        else
        {
            _told.Tell(LimpetLogLevel.Warning, $"Not bound to {PrintableText.Of(name)} as replier: messages of that name may not leave this bus.");
        }
    }

    /// <summary>Whether a message with a network id has been on this bus already, and what follows from that.</summary>
    private bool CameBackFromPeer(in MessageHeader header, out Verdict verdict)
    {
        verdict = Verdict.Leave;
        if (header.Id.NetworkId == _ownId)
        {
            verdict = _judge.JudgePeer(header);
            return !_networks.IsForged(header);
        }

        if (header.Id.NetworkId == _peerId)
        {
            // As most have: this is the one way for the peer's own. That one came by the bus is judged there (CameByAnotherWay).
            return false;
        }

        bool isForeign = _networks.IsForeign(header);
        if ((CarriedOut.IsTrue(header) && (isForeign ? _carried.HasForeign(header.Id) : _carried.Has(header.Id))) || _watch.CameFromBusAlone(header))
        {
            _judge.Suspect(header);
            return true;
        }

        if (isForeign)
        {
            // A program may choose its ids; who says that it comes from there is judged by the caller.
            return !_networks.IsForged(header);
        }

        if (_judge.IsClaimed(header.Id.NetworkId, _carried.PeerSince(header.Id.NetworkId), out uint claimant))
        {
            verdict = _judge.JudgePeer(header, claimant);
            return true;
        }

        if (_watch.GoesRound(header, LoopWatch.FromPeer, out uint otherWay, out _))
        {
            verdict = _judge.JudgePeer(header, otherWay);
            return true;
        }

        return false;
    }
}

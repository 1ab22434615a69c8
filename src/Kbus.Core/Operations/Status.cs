namespace Kbus.Core;

// The Status messages: how the bus answers a Request whose replier did not. Spec section 6.1.
internal sealed partial class Bus
{
    /// <summary>A queued copy was discarded. If it is a Request to be answered, its sender gets a Status (P2).</summary>
    private void ThrowAway(in QueueEntry entry, StatusKind status)
    {
        if (entry.Debt is { } debt)
        {
            if (debt.IsOwed)
            {
                SendStatus(debt, status);
            }

            _ledger.CopyThrownAway(debt);
        }
    }

    /// <summary>Answers an owed Request on its replier's behalf. It uses the reserved place, so no limit is checked.</summary>
    private void SendStatus(ReplyDebt debt, StatusKind kind)
    {
        KsockState sender = debt.Sender;
        var header = new MessageHeader
        {
            Id = NextId(),
            InReplyTo = debt.Id,
            To = sender.Id,
            From = debt.Replier.Id,
            Flags = MessageFlags.Synthetic,
        };
        uint tag = debt.Tag;
        CountStatus(sender, TrafficOf(debt), kind);
        _ledger.Strike(debt);
        AppendStatus(sender, header, NameOf(kind), tag);
    }

    /// <summary>Sends a Status to the sender of a waiting Request that failed for good. It takes the place that the Request had
    /// reserved.</summary>
    private void SendStatusForWaiting(KsockState sender, StatusKind kind)
    {
        StoredMessage waiting = sender.Waiting!;
        var header = new MessageHeader
        {
            Id = NextId(),
            InReplyTo = waiting.Header.Id,
            To = sender.Id,
            Flags = MessageFlags.Synthetic,
        };
        CountStatus(sender, _bindings.Traffic.Of(_bindings.RouteOf(waiting.Name)), kind);
        AppendStatus(sender, header, NameOf(kind), waiting.Tag);
    }

    /// <summary>The bus ends: each Request that this Ksock has in flight is answered, in the place of its replier (D22).</summary>
    public void AnswerAtEnd(KsockState sender)
    {
        for (ReplyDebt? debt = sender.Debts.Oldest; debt is not null; debt = sender.Debts.After(debt))
        {
            if (debt.State == DebtState.Owed)
            {
                var header = new MessageHeader { InReplyTo = debt.Id, To = sender.Id, Flags = MessageFlags.Synthetic };
                CountStatus(sender, TrafficOf(debt), StatusKind.GoneAway);
                AppendStatus(sender, header, MessageName.ReplierGoneAway, debt.Tag);
            }
        }
    }

    private void AppendStatus(KsockState sender, in MessageHeader header, ReadOnlySpan<byte> name, uint tag)
    {
        StoredMessage status = Pool.Compose(header, name, default);
        AppendAnswer(sender, status, tag);
        TellMade(status);
        status.Release();
    }

    private static ReadOnlySpan<byte> NameOf(StatusKind kind) => kind switch
    {
        StatusKind.GoneAway => MessageName.ReplierGoneAway,
        StatusKind.Ignored => MessageName.ReplierIgnored,
        StatusKind.Unbound => MessageName.ReplierUnbound,
        StatusKind.Disappeared => MessageName.ReplierDisappeared,
        _ => MessageName.ErrorSending,
    };
}

namespace Kbus.Core;

internal sealed partial class Bus
{
    // Poll gives these two bits.
    public const uint ReadableBit = 1;
    public const uint WritableBit = 2;

    /// <summary>Carries out an operation that comes as bytes.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="node">The node that it comes from; its Ksocks alone can have operations.</param>
    /// <param name="carrierOf">Makes the carrier of a Ksock that is opened.</param>
    /// <exception cref="BooksException">Its bytes are not those of such an operation. Nothing has changed.</exception>
    public OperationResult Apply(in BusOperation operation, uint node, Func<KsockOwner, Carrier> carrierOf)
    {
        if (operation.Kind == OperationKind.Open)
        {
            KsockOwner owner = operation.ReadOwner(node);
            return new OperationResult(Errno.None, Value: OpenFor((operation.Flags & BusOperation.CanWrite) != 0, owner, carrierOf(owner)).Id);
        }

        return FindKsock(operation.Ksock) is { } ksock && ksock.Owner.Node == node ? Apply(operation, ksock) : new OperationResult(Errno.EBADF);
    }

    private OperationResult Apply(in BusOperation operation, KsockState ksock)
    {
        MessageId id = default;
        uint value = 0;
        Errno error = Errno.None;
        bool isReplier = (operation.Flags & BusOperation.AsReplier) != 0;
        switch (operation.Kind)
        {
            case OperationKind.Close:
                Close(ksock);
                break;
            case OperationKind.Bind:
                error = Bind(ksock, operation.Bytes, isReplier);
                break;
            case OperationKind.Unbind:
                error = Unbind(ksock, operation.Bytes, isReplier);
                break;
            case OperationKind.Revoke:
                value = Revoke(ksock, operation.Bytes, isReplier) ? 1u : 0;
                break;
            case OperationKind.FindReplier:
                error = FindReplier(operation.Bytes, (operation.Flags & BusOperation.Matching) != 0, out value);
                break;
            case OperationKind.Send:
                StoredMessage? message = operation.ReadMessage(Pool, AbsoluteMaxMessageSize);
                error = message is null ? Errno.EINVAL : Send(ksock, message, out id);
                break;
            case OperationKind.Retry:
                error = ksock.Waiting is null ? Errno.ENOMSG : Retry(ksock, out id);
                break;
            case OperationKind.Poll:
                (bool readable, bool writable) = Poll(ksock);
                value = (readable ? ReadableBit : 0) | (writable ? WritableBit : 0);
                break;
            case OperationKind.Discard:
                Discard(ksock);
                break;
            case OperationKind.Ask:
                error = Ask(ksock, (Setting)operation.Flags, operation.Value, out value);
                break;
            default:
                return ApplyToQueue(operation, ksock);
        }

        return new OperationResult(error, id, value);
    }

    private OperationResult ApplyToQueue(in BusOperation operation, KsockState ksock)
    {
        int bytes = (int)Math.Min(operation.Value, int.MaxValue);
        switch (operation.Kind)
        {
            case OperationKind.Taken:
                Taken(ksock, operation.ReadTakes());
                break;
            case OperationKind.Released:
                NoteReleased(ksock, (int)Math.Min(bytes, ksock.HeldBytes));
                break;
            case OperationKind.Reserve:
                return new OperationResult(TryReserve(ksock, bytes) ? Errno.None : Errno.EDQUOT);
            case OperationKind.ReturnReserved:
                ReturnReserved(ksock);
                break;
            case OperationKind.Withdraw:
                Withdraw(ksock, operation.Value);
                break;
            case OperationKind.JudgeWaiting when ksock.Waiting is not null:
                JudgeWaiting(ksock, (operation.Flags & BusOperation.ForRequesterAlone) != 0, (operation.Flags & BusOperation.Forbidden) != 0);
                break;
            default:
                return new OperationResult(Errno.EINVAL);
        }

        return default;
    }
}

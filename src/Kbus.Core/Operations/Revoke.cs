namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>Ends the newest binding of a Ksock with exactly this name and role, because it may not have it any more.</summary>
    /// <remarks>
    /// As <see cref="Unbind"/>, but it cannot be refused: an event for a listener without room is set aside, as when a Ksock closes.
    /// So nobody keeps a binding by keeping a queue full.
    /// </remarks>
    /// <returns>False if there is none.</returns>
    public override bool Revoke(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        Binding? binding = _bindings.Find(ksock, name, isReplier);
        if (binding is not null)
        {
            if (isReplier && ReportsBinds)
            {
                ReportOrSetAside(binding, isClosing: false);
            }

            Observer?.Unbound(ksock, name, isReplier, isRevoked: true, Errno.None);
            Charges.Release(ksock.Charges, ChargeKind.Bindings, 1);
            Charges.Release(ksock.Charges, ChargeKind.NameBytes, name.Length);
            _bindings.Remove(binding);
            _bindingsChanged = true;
            TakeBack(binding);
            PurgeSetAside(binding);
        }

        Finish();
        return binding is not null;
    }
}

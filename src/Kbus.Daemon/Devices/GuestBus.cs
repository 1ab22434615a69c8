using Kbus.Core;
using Kbus.Device;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>A bus of this daemon as its device file sees it.</summary>
internal sealed class GuestBus(BusThread thread, Daemon daemon) : DeviceBus
{
    /// <inheritdoc/>
    public override uint Number => thread.Number;

    /// <inheritdoc/>
    public override Bus Bus => thread.Bus;

    /// <inheritdoc/>
    public override BusOperations Operations => thread.Operations;

    /// <inheritdoc/>
    public override Identity? Identify(in FuseCaller caller)
    {
        if (daemon.Policy is not { } policy)
        {
            return null;
        }

        // Also if no rule names a group: a later policy may have one that does.
        IReadOnlyList<uint>? groups = ProcessIdentity.GroupsOf(caller);
        var identity = new Identity(caller.UserId, groups ?? [caller.GroupId], areGroupsKnown: groups is not null);

        // What the policy says is worked out here, and not inside the bus.
        _ = policy.For(identity, Number);
        return identity;
    }

    /// <inheritdoc/>
    public override Admission? Admit(Identity? identity, KsockOwner owner)
    {
        _ = thread.Admit(identity, owner, out Admission? admission);
        return admission;
    }

    /// <inheritdoc/>
    public override bool MayReport(Identity? identity) =>
        identity is null || daemon.Policy is not { } policy || DaemonPolicy.MaySeeStatus(policy, identity, Number);

    /// <inheritdoc/>
    public override void Opened(DeviceKsock ksock) => thread.Opened(ksock);

    /// <inheritdoc/>
    public override void Closed(DeviceKsock ksock) => thread.Closed(ksock);

    /// <inheritdoc/>
    protected override ulong BeginTelling() => thread.BeginTelling();

    /// <inheritdoc/>
    protected override bool TellSome(ulong until) => thread.TellSome(until);

    /// <inheritdoc/>
    protected override bool TryGetIn() => thread.TryEnterAsGuest();

    /// <inheritdoc/>
    protected override void GetOut() => thread.LeaveAsGuest();

    /// <inheritdoc/>
    protected override void Fail(Exception fault) => thread.FailAsGuest(fault);
}

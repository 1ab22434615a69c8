using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <content>The policy of the bus. Only the bus's own thread uses it, or a guest inside the gate.</content>
internal sealed partial class BusThread
{
    private DenialLog? _denials;

    /// <summary>The policy of the bus; null if there is none.</summary>
    public PolicyRules? Policy { get; private set; }

    /// <summary>From now on this policy applies to new Ksocks.</summary>
    public void Adopt(PolicyRules rules) => Policy = rules;

    /// <summary>Makes the way into the bus for a Ksock that is to be opened, if it may be.</summary>
    /// <param name="identity">Who opens it; needed only if there is a policy.</param>
    /// <param name="owner">Whose it will be, and in which mode.</param>
    /// <param name="admission">The way into the bus; null if it may not be opened.</param>
    /// <returns>Why it may not be opened; null if it may.</returns>
    public string? Admit(Identity? identity, KsockOwner owner, out Admission? admission)
    {
        admission = null;
        Permissions? permissions = null;
        if (Policy is { } policy)
        {
            permissions = policy.For(identity ?? Identity.Unknown, Number);
            if (DaemonPolicy.WhyNotOpen(policy, permissions, owner.Mode, Number) is { } refusal)
            {
                Verdict verdict = permissions.DecideOpening(owner.Mode, out PolicyAction action);
                Denied(owner, 0, action, default, verdict);
                return refusal;
            }
        }

        admission = new Admission(Operations, permissions, Denied);
        return null;
    }

    /// <summary>Closes a link that the policy does not let be open any more.</summary>
    /// <remarks>
    /// It is closed like any other link before the reason is recorded. A failed link is not asked what it has taken. This one has not failed, so its
    /// takes count.
    /// </remarks>
    public void Revoke(Session session)
    {
        session.IsForbidden = true;
        Close(session);
        session.Fail(LinkFault.PolicyForbids);
        _daemon.Log.Misbehaved(Number, session);
        CloseFailed();
    }

    private void Denied(KsockOwner owner, uint ksock, PolicyAction action, ReadOnlySpan<byte> name, Verdict verdict)
    {
        _denials ??= new DenialLog(Number, _daemon.Log);
        _denials.Tell(Policy, owner, ksock, action, name, verdict);
    }

    private static void Refuse(OpenRequest request, string refusal)
    {
        var welcome = BusWelcome.Refusal((int)Errno.EPERM, refusal, isByPolicy: true);
        _ = HandshakeExchange.SendWelcome(request.Socket, welcome, null, null, Deadline.Passed);
        request.Dispose();
    }
}

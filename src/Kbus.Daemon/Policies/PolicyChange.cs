using Kbus.Core;
using Kbus.Device;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Another policy comes into force on one bus: Ksocks that may not be open any more are closed, bindings that may not be are ended.</summary>
/// <remarks>
/// <para>From the beginning of this work on every new Ksock goes by the new policy, and every Ksock that has been gone through. It is
/// done in slices, so that others come in between. A later change ends an earlier one.</para>
/// <para>Between two slices a member may end the binding at which the work stands. Then that Ksock is gone through from its beginning.
/// So that nobody can play this for long, the work does not pause there any more after some such times.</para>
/// </remarks>
/// <param name="rules">The policy.</param>
/// <param name="report">Hears how much it came to.</param>
internal sealed class PolicyChange(PolicyRules rules, PolicyReport report) : BusWork
{
    private const int LooksInSlice = 64;
    private const ulong StepsInSlice = 200;
    private const int MostRestarts = 16;

    private List<KsockState>? _ksocks;
    private int _place;
    private Binding? _cursor;
    private ulong _lastOrder;
    private int _restarts;
    private bool _isEntered;

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus)
    {
        if (_ksocks is null)
        {
            bus.Adopt(rules);
            _ksocks = [.. bus.Bus.Ksocks];
        }

        if (!ReferenceEquals(bus.Policy, rules) || GoOn(bus))
        {
            report.Done();
            return;
        }

        _ = bus.Post(this);
    }

    /// <inheritdoc/>
    public override void Abandon() => report.Done();

    /// <summary>Does a slice of the work.</summary>
    /// <returns>True if nothing is left.</returns>
    private bool GoOn(BusThread bus)
    {
        ulong end = bus.Bus.Steps + StepsInSlice;
        for (int looks = LooksInSlice; _place < _ksocks!.Count; looks--)
        {
            bool mayPause = _restarts <= MostRestarts;
            if (mayPause && (looks <= 0 || bus.Bus.Steps >= end))
            {
                return false;
            }

            KsockState ksock = _ksocks[_place];
            if (!ksock.IsOpen || (!_isEntered && !TryEnter(bus, ksock)) || !TryLook(bus.Bus, ksock))
            {
                (_place, _isEntered, _restarts, _cursor) = (_place + 1, false, 0, null);
            }
        }

        return true;
    }

    /// <summary>Begins with a Ksock: the new policy counts for it. False if it is closed by that.</summary>
    private bool TryEnter(BusThread bus, KsockState ksock)
    {
        _isEntered = true;
        Identity identity = (ksock.Carrier as Session)?.Identity ?? (ksock.Carrier as DeviceKsock)?.Identity ?? Identity.Unknown;
        Permissions permissions = rules.For(identity, bus.Number);
        // A network id cannot be given back.
        bool isForeign = ksock.IsLimpet && !permissions.Decide(PolicyAction.UseNetworkId).IsAllowed;
        if (isForeign || !permissions.DecideOpening(ksock.Carrier.Owner.Mode, out _).IsAllowed)
        {
            Revoke(bus, ksock.Carrier);
            report.KsockClosed();
            return false;
        }

        AdmissionOf(ksock).Change(ksock, permissions);
        _cursor = ksock.Bindings.Oldest;
        _lastOrder = ksock.Bindings.Newest?.Order ?? 0;
        return true;
    }

    /// <summary>Looks at one binding of a Ksock. False if there is none left.</summary>
    private bool TryLook(Bus bus, KsockState ksock)
    {
        if (_cursor is { AtKsock.IsLinked: false })
        {
            _cursor = ksock.Bindings.Oldest;
            _restarts++;
        }

        // Those that were made later were made under this policy.
        if (_cursor is not { } binding || binding.Order > _lastOrder)
        {
            return false;
        }

        Permissions permissions = AdmissionOf(ksock).Permissions!;
        NameRules names = binding.IsReplier ? permissions.Replying : permissions.Listening;
        if (names.Decide(binding.Name.Name).IsAllowed)
        {
            _cursor = ksock.Bindings.After(binding);
            return true;
        }

        // Of several alike the newest goes first. They come all; this one is the last.
        Binding? next = ksock.Bindings.After(binding);
        Binding? ended = bus.Revoke(ksock, binding.Name.Name, binding.IsReplier);
        report.BindingEnded();
        if (ended == binding)
        {
            _cursor = next;
        }

        return true;
    }

    private static Admission AdmissionOf(KsockState ksock) => (ksock.Carrier as Session)?.Admission ?? ((DeviceKsock)ksock.Carrier).Admission;

    private static void Revoke(BusThread bus, Carrier carrier)
    {
        if (carrier is Session session)
        {
            // At once, so that it is closed when this says so.
            bus.Revoke(session);
        }
        else
        {
            ((DeviceKsock)carrier).Revoke();
        }
    }
}

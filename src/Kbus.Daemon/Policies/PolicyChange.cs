using Kbus.Core;
using Kbus.Device;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Applies another policy to one bus: closes Ksocks that may not be open any more, and ends bindings that are no longer allowed.</summary>
/// <remarks>
/// <para>From the start of this work, the new policy applies to every new Ksock, and to every Ksock that it has processed. The work is done in
/// slices, so that members are served in between. A later change ends an earlier one.</para>
/// <para>Between two slices a member may end the binding at which the work has stopped. Then that Ksock is processed from its beginning again. After
/// some such restarts the work does not pause at this Ksock any more, so that no member can delay it for long.</para>
/// </remarks>
/// <param name="rules">The policy.</param>
/// <param name="report">Counts the results.</param>
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
            bus.JudgeWatchers(rules);
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
            if (!ksock.IsOpen || (!_isEntered && !TryEnter(bus, ksock)) || !TryLook(bus.Operations, ksock))
            {
                (_place, _isEntered, _restarts, _cursor) = (_place + 1, false, 0, null);
            }
        }

        return true;
    }

    /// <summary>Applies the new policy to a Ksock. False if that closes it.</summary>
    private bool TryEnter(BusThread bus, KsockState ksock)
    {
        _isEntered = true;
        Identity identity = (ksock.Carrier.Host as Session)?.Identity ?? (ksock.Carrier.Host as DeviceKsock)?.Identity ?? Identity.Unknown;
        Permissions permissions = rules.For(identity, bus.Number);
        // A network id cannot be given back.
        bool isForeign = ksock.IsLimpet && !permissions.Decide(PolicyAction.UseNetworkId).IsAllowed;
        if (isForeign || !permissions.DecideOpening(ksock.Carrier.Owner.Mode, out _).IsAllowed)
        {
            Revoke(bus, ksock.Carrier.Host);
            report.KsockClosed();
            return false;
        }

        AdmissionOf(ksock).Change(ksock, permissions);
        _cursor = ksock.Bindings.Oldest;
        _lastOrder = ksock.Bindings.Newest?.Order ?? 0;
        return true;
    }

    /// <summary>Checks one binding of a Ksock. False if none is left.</summary>
    private bool TryLook(BusOperations bus, KsockState ksock)
    {
        if (_cursor is { AtKsock.IsLinked: false })
        {
            _cursor = ksock.Bindings.Oldest;
            _restarts++;
        }

        // Later ones were made under this policy.
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

        // Unbinding ends the newest of equal bindings. All of them are checked, so this one ends last.
        Binding? next = ksock.Bindings.After(binding);
        _ = bus.Revoke(ksock, binding.Name.Name, binding.IsReplier);
        report.BindingEnded();
        if (!binding.AtKsock.IsLinked)
        {
            _cursor = next;
        }

        return true;
    }

    private static Admission AdmissionOf(KsockState ksock) => (ksock.Carrier.Host as Session)?.Admission ?? ((DeviceKsock)ksock.Carrier.Host).Admission;

    private static void Revoke(BusThread bus, Carrier carrier)
    {
        if (carrier is Session session)
        {
            // At once, so that it is closed when the report counts it.
            bus.Revoke(session);
        }
        else
        {
            ((DeviceKsock)carrier).Revoke();
        }
    }
}

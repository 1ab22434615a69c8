using System.Buffers.Binary;

namespace Kbus.Core;

// Replier bind events, and those set aside because a listener had no room when a Ksock closed. Spec sections 6.2 to 6.6; D2, D9.
internal sealed partial class Bus
{
    private int _setAsideCount;
    private bool _losingEvents;

    /// <summary>True if binding and unbinding repliers is reported (REPORTREPLIERBINDS).</summary>
    public bool ReportsBinds { get; private set; }

    /// <summary>Events now set aside, markers of lost ones included.</summary>
    public int SetAsideCount => _setAsideCount;

    /// <summary>True while unbind events are being lost, because too many were set aside ("tragic").</summary>
    public bool IsLosingEvents => _losingEvents;

    /// <summary>Switches the reporting of repliers' binds, and reports the existing ones to whoever switches it on.</summary>
    /// <param name="ksock">The Ksock that asks.</param>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF ask.</param>
    /// <param name="previous">The previous value: 0 or 1.</param>
    /// <returns>None, EINVAL, or EBUSY: no room for all the reports; the earlier ones stay and reporting is on.</returns>
    public Errno ReportReplierBinds(KsockState ksock, uint request, out uint previous)
    {
        bool reports = ReportsBinds;
        Errno error = Switch(request, ref reports, out previous);
        ReportsBinds = reports;
        if (error == Errno.None && request == 1)
        {
            error = ReportExisting(ksock);
        }

        Finish();
        return error;
    }

    private Errno ReportExisting(KsockState ksock)
    {
        for (Binding? binding = _bindings.Repliers.Newest; binding is not null; binding = _bindings.Repliers.Before(binding))
        {
            _steps++;
            if (binding.Ksock.IsLeaving)
            {
                continue;
            }

            StoredMessage report = ComposeBindEvent(isBind: true, binding.Ksock, binding.Name.Name);
            bool full = IsFull(ksock, report.EntireLength, 0);
            if (!full)
            {
                AppendOne(ksock, report, because: null, CopyFate.Listener);
                TellMade(report);
            }

            report.Release();
            if (full)
            {
                return Errno.EBUSY;
            }
        }

        return Errno.None;
    }

    /// <summary>Reports a replier's bind or unbind to all listeners for it. False, and nothing is reported, if one of them has no
    /// room.</summary>
    private bool TryReport(bool isBind, KsockState binder, ReadOnlySpan<byte> name)
    {
        StoredMessage report = ComposeBindEvent(isBind, binder, name);
        bool told = TryTell(report, closing: null);
        report.Release();
        return told;
    }

    /// <summary>Reports that a closing replier's binding ends: now, or as soon as all listeners have had room.</summary>
    private void ReportOrSetAside(Binding binding, bool isClosing = true)
    {
        StoredMessage report = ComposeBindEvent(isBind: false, binding.Ksock, binding.Name.Name);
        if (!TryTell(report, closing: isClosing ? binding.Ksock : null))
        {
            ReadOnlySpan<Binding> listeners = _bindings.RouteOf(MessageName.ReplierBindEvent).Listeners;
            _losingEvents |= listeners.Length + (long)_setAsideCount > _options.MaxSetAsideEvents;
            if (_losingEvents)
            {
                MarkLost(listeners);
            }
            else
            {
                foreach (Binding listener in listeners)
                {
                    SetAside(listener, report, isLostMarker: false);
                }

                TellMade(report);
            }
        }

        report.Release();
    }

    private bool TryTell(StoredMessage report, KsockState? closing)
    {
        ReadOnlySpan<Binding> listeners = _bindings.RouteOf(MessageName.ReplierBindEvent).Listeners;
        _steps += 2 * (uint)listeners.Length;
        foreach (Binding listener in listeners)
        {
            KsockState ksock = listener.Ksock;
            if (IsFull(ksock, report.EntireLength, 0) || (ksock.SetAside.Count > 0 && ksock != closing))
            {
                return false;
            }
        }

        foreach (Binding listener in listeners)
        {
            AppendEvent(listener, report);
        }

        TellMade(report);
        return true;
    }

    private void AppendEvent(Binding listener, StoredMessage report)
    {
        KsockState ksock = listener.Ksock;
        if (!HasIt(ksock, report.Header.Id))
        {
            AppendOne(ksock, report, listener, CopyFate.Listener);
        }
    }

    /// <summary>Leaves one marker with each listener that has none since its last event. It belongs to that Ksock's newest
    /// binding.</summary>
    private void MarkLost(ReadOnlySpan<Binding> listeners)
    {
        StoredMessage marker = Pool.Compose(
            new MessageHeader { Id = NextId(), Flags = MessageFlags.Synthetic }, MessageName.UnbindEventsLost, default);
        foreach (Binding listener in listeners)
        {
            if (listener.Ksock.SetAside is not [.., { IsLostMarker: true }])
            {
                SetAside(listener, marker, isLostMarker: true);
            }
        }

        TellMade(marker);
        marker.Release();
    }

    private void SetAside(Binding listener, StoredMessage message, bool isLostMarker)
    {
        KsockState ksock = listener.Ksock;
        message.Retain();
        ksock.SetAside.Add(new SetAsideEvent(message, listener, isLostMarker));
        if (Observer is not null)
        {
            NoteCopy(ksock, CopyFate.SetAside);
        }

        _setAsideCount++;
        if (ksock.SetAside.Count == 1)
        {
            _withSetAside.Add(ksock);
            TellTakes(ksock);
        }
    }

    /// <summary>Lets set-aside events into the queues that have room, each Ksock's oldest first.</summary>
    private void AdmitSetAside()
    {
        for (int i = _withSetAside.Count - 1; i >= 0; i--)
        {
            KsockState ksock = _withSetAside[i];
            int admitted = 0;
            while (admitted < ksock.SetAside.Count && !IsFull(ksock, ksock.SetAside[admitted].Message.EntireLength, 0))
            {
                SetAsideEvent waiting = ksock.SetAside[admitted++];
                AppendEvent(waiting.Binding, waiting.Message);
                TellMade(waiting.Message);
            }

            RemoveSetAside(ksock, 0, admitted);
        }
    }

    /// <summary>Drops the set-aside events that were due to a binding which has ended.</summary>
    private void PurgeSetAside(Binding binding)
    {
        KsockState ksock = binding.Ksock;
        for (int i = ksock.SetAside.Count - 1; i >= 0; i--)
        {
            if (ksock.SetAside[i].Binding == binding)
            {
                RemoveSetAside(ksock, i, 1);
            }
        }
    }

    private void RemoveSetAside(KsockState ksock, int first, int count)
    {
        if (count == 0)
        {
            return;
        }

        for (int i = first; i < first + count; i++)
        {
            ksock.SetAside[i].Message.Release();
        }

        ksock.SetAside.RemoveRange(first, count);
        _setAsideCount -= count;
        _losingEvents &= _setAsideCount > 0;
        if (ksock.SetAside.Count == 0)
        {
            _withSetAside.Remove(ksock);
            TellTakes(ksock);
        }
    }

    private StoredMessage ComposeBindEvent(bool isBind, KsockState binder, ReadOnlySpan<byte> name)
    {
        const int fixedPart = 3 * sizeof(uint);
        Span<byte> data = stackalloc byte[fixedPart + (int)MessageLayout.PaddedNameLength((uint)name.Length)];
        data.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(data, isBind ? 1u : 0u);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], binder.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(data[8..], (uint)name.Length);
        name.CopyTo(data[fixedPart..]);
        var header = new MessageHeader { Id = NextId(), Flags = MessageFlags.Synthetic | MessageFlags.AllOrFail };
        return Pool.Compose(header, MessageName.ReplierBindEvent, data);
    }
}

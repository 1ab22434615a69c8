using System.Text;

namespace Kbus.Core.Tests;

internal sealed partial class NaiveBus
{
    private NaiveMessage BindEvent(int isBind, NaiveKsock binder, string name)
    {
        List<byte> data = [.. BitConverter.GetBytes(isBind), .. BitConverter.GetBytes(binder.Id), .. BitConverter.GetBytes(name.Length)];
        data.AddRange(Encoding.ASCII.GetBytes(name));
        data.Add(0);
        while (data.Count % 4 != 0)
        {
            data.Add(0);
        }

        const MessageFlags flags = MessageFlags.Synthetic | MessageFlags.AllOrFail;
        return new NaiveMessage("$.KBUS.ReplierBindEvent", [.. data], NextId(), default, 0, 0, flags);
    }

    private List<NaiveBinding> EventListeners() =>
        _newestFirst.FindAll(b => !b.IsReplier && b.Matches("$.KBUS.ReplierBindEvent"));

    private bool TryTell(NaiveMessage message, NaiveKsock? closing)
    {
        List<NaiveBinding> listeners = EventListeners();
        if (listeners.Exists(b => IsFull(b.Ksock, message.Length, 0) || (b.Ksock != closing && _setAside.Exists(e => e.Binding.Ksock == b.Ksock))))
        {
            return false;
        }

        listeners.ForEach(b => PushEvent(b, message));
        Tell(null, message, Errno.None);
        return true;
    }

    private void PushEvent(NaiveBinding binding, NaiveMessage message)
    {
        if (!binding.Ksock.OnlyOnce || binding.Ksock.LastPushed != message.Id)
        {
            Push(binding.Ksock, new NaiveEntry(message, binding));
        }
    }

    private void SetAside(NaiveMessage message)
    {
        List<NaiveBinding> listeners = EventListeners();
        _losing |= listeners.Count + _setAside.Count > options.MaxSetAsideEvents;
        if (!_losing)
        {
            _setAside.AddRange(listeners.Select(b => new NaiveSetAside(b, message, false)));
            listeners.ForEach(b => Note(b.Ksock, "set aside"));
            Tell(null, message, Errno.None);
            return;
        }

        var marker = new NaiveMessage("$.KBUS.UnbindEventsLost", [], NextId(), default, 0, 0, MessageFlags.Synthetic);
        foreach (NaiveBinding listener in listeners)
        {
            if (_setAside.FindLast(e => e.Binding.Ksock == listener.Ksock) is not { IsMarker: true })
            {
                _setAside.Add(new NaiveSetAside(listener, marker, true));
                Note(listener.Ksock, "set aside");
            }
        }

        Tell(null, marker, Errno.None);
    }

    private void RemoveSetAside(Predicate<NaiveSetAside> which)
    {
        _setAside.RemoveAll(which);
        _losing &= _setAside.Count > 0;
    }

    private void AdmitSetAside()
    {
        foreach (NaiveKsock ksock in _ksocks)
        {
            while (_setAside.Find(e => e.Binding.Ksock == ksock) is { } oldest && !IsFull(ksock, oldest.Message.Length, 0))
            {
                PushEvent(oldest.Binding, oldest.Message);
                Tell(null, oldest.Message, Errno.None);
                RemoveSetAside(e => ReferenceEquals(e, oldest));
            }
        }
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <content>
/// Deliveries: what the bus tells of the queue and of the lane of answers goes to the one or the other <see cref="SessionLane"/>. What both
/// have in common is here.
/// </content>
internal sealed partial class Session
{
    private readonly Dictionary<PayloadArea, uint> _areas = [];
    private readonly Queue<PayloadArea> _areasToSend = [];
    private readonly Dictionary<ulong, StoredMessage> _held = [];
    private readonly List<Take> _taken = [];
    private LinkNews _news;
    private LinkNews _published;
    private int _reported;

    // Kept here, so that the lane of a Ksock that asks nothing is never read.
    private bool _hasAnswers;

    /// <inheritdoc/>
    public override void Appended(StoredMessage message, MessageFlags flags, uint number) => _messages.Append(message, flags, number);

    /// <inheritdoc/>
    public override void Answered(StoredMessage message, uint number)
    {
        _hasAnswers = true;
        _answers.Append(message, message.Header.Flags, number);
    }

    /// <inheritdoc/>
    public override void Prepended(StoredMessage message, MessageFlags flags, uint number) => _messages.Prepend(message, flags, number);

    /// <inheritdoc/>
    public override void Removed(List<QueueEntry> removed) => _messages.Remove(removed);

    /// <inheritdoc/>
    public override void Withdrawn(uint number, int place)
    {
        if (Fault == LinkFault.None && _answers.TryTakeOut(number, out Delivery answer))
        {
            _messages.Insert(place, answer);
        }
    }

    /// <inheritdoc/>
    public override void Freeze()
    {
        _messages.Freeze();
        _answers.Freeze();
    }

    /// <inheritdoc/>
    /// <remarks>Nothing is put in front of the lane of answers.</remarks>
    public override void Freeze(int count, int length) => _messages.Freeze(count, length);

    /// <inheritdoc/>
    public override void Thaw()
    {
        _messages.Thaw();
        _answers.Thaw();
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<Take> ObserveTaken()
    {
        if (Fault != LinkFault.None)
        {
            return default;
        }

        CollectTaken();
        _reported = _taken.Count;
        return CollectionsMarshal.AsSpan(_taken);
    }

    /// <summary>Collects what the process has taken and the bus has not been told.</summary>
    public void CollectTaken()
    {
        _taken.RemoveRange(0, _reported);
        _reported = 0;
        _messages.CollectTaken();
        if (_hasAnswers)
        {
            _answers.CollectTaken();
            _hasAnswers = !_answers.IsEmpty;
        }
    }

    /// <summary>Keeps a message that the process reads in place.</summary>
    public void Hold(ulong number, StoredMessage message) => _held.Add(number, message);

    /// <inheritdoc/>
    public override bool DropOne() => _messages.DropOne() || _answers.DropOne();

    /// <inheritdoc/>
    public override void RetryWorthwhile()
    {
        if (Fault == LinkFault.None)
        {
            _doorbell.RingIfWanted(LinkNews.Failure);
        }
    }

    /// <inheritdoc/>
    public override void TellTakes(bool tell)
    {
        _messages.TellTakes(tell);
        _answers.TellTakes(tell);
    }

    /// <summary>Publishes the deliveries since the last call.</summary>
    public void PublishNews()
    {
        if (!IsClosed && Fault == LinkFault.None)
        {
            if ((_news & LinkNews.Delivery) != 0)
            {
                _messages.Publish();
            }

            if ((_news & LinkNews.Answer) != 0)
            {
                _answers.Publish();
            }

            SendAreas();
        }

        // Later deliveries need another call, even if the process is still to be rung for these.
        _published |= _news;
        _news = LinkNews.None;
    }

    /// <summary>Rings the process if it sleeps, for the published deliveries.</summary>
    /// <remarks>The caller has made a full fence since.</remarks>
    public void RingForNews()
    {
        LinkNews published = _published;
        _published = LinkNews.None;
        if (IsClosed || Fault != LinkFault.None)
        {
            return;
        }

        if ((published & LinkNews.Delivery) != 0)
        {
            _doorbell.RingIfWantedAfterFence(LinkNews.Delivery, _messages.Ring);
        }

        if ((published & LinkNews.Answer) != 0)
        {
            _doorbell.RingIfWantedAfterFence(LinkNews.Answer, _answers.Ring);
        }
    }

    /// <summary>There is something to publish. The process is rung before the sender gets its answer.</summary>
    public void RingLater(LinkNews news)
    {
        if (_news == LinkNews.None)
        {
            _thread.RingLater(this);
        }

        _news |= news;
    }

    private void RingNow() => _ = LibC.Send(_socket.Number, [1], LibC.MessageDontWait);

    private void Refill()
    {
        _messages.Refill();
        _answers.Refill();
    }

    /// <summary>The number of an area for the process. One that it has not got yet is sent once the message is published.</summary>
    public uint Announce(PayloadArea area)
    {
        if (!_areas.TryGetValue(area, out uint number))
        {
            number = (uint)_areas.Count;
            _areas.Add(area, number);
            _areasToSend.Enqueue(area);
            _thread.Payloads.Announced(area);
        }

        return number;
    }

    /// <summary>Sends the process the areas that it has not got yet, each with a ring. If its socket is full, the rest goes with its next command.</summary>
    /// <remarks>Only after publishing: a process that finds its socket readable must find a message.</remarks>
    private void SendAreas()
    {
        while (_areasToSend.TryPeek(out PayloadArea? area))
        {
            // Counted first: a client that counts the rings waits for one that is counted and not there.
            int before = _areas.Count - _areasToSend.Count;
            ref int sent = ref _memory.Header.AreasSent;
            Volatile.Write(ref sent, before + 1);
            if (LibC.SendMessage(_socket.Number, [1], [area.File.Number], LibC.MessageDontWait) <= 0)
            {
                Volatile.Write(ref sent, before);
                return;
            }

            _ = _areasToSend.Dequeue();
        }
    }

    private Completion Release(ReadOnlySpan<byte> body)
    {
        if (body.Length != sizeof(ulong))
        {
            Fail(LinkFault.CommandMeaningless);
            return default;
        }

        ulong number = MemoryMarshal.Read<ulong>(body);
        _thread.Operations.NoteTakes(State);
        if (_held.Remove(number, out StoredMessage? message))
        {
            int bytes = message.EntireLength;
            message.Release();
            _thread.Operations.NoteReleased(State, bytes);
        }

        return default;
    }

    private void ReleaseHeld()
    {
        foreach (StoredMessage message in _held.Values)
        {
            message.Release();
        }

        _held.Clear();
    }

    private void ForgetAreas()
    {
        foreach (PayloadArea area in _areas.Keys)
        {
            _thread.Payloads.Forgotten(area);
        }

        _areas.Clear();
        _areasToSend.Clear();
    }
}

using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Links;

/// <summary>The Requests of one Ksock that are in flight: those whose answers its library awaits, by tag, and the others, by id.</summary>
/// <remarks>
/// <para>An awaited one is entered before its command is written, so its answer finds it, whichever thread takes it from the lane. It
/// leaves when it is answered, refused or given up, or when the Ksock is closed.</para>
/// <para>The others are kept because they must be answered if the bus dies (D22). An id counts as often as it was used, which only ids of
/// the caller's own choosing can be more than once. Another thread may take the answer before the sender has heard of the acceptance. That
/// is remembered while any such send is under way, and no longer: whoever overhears the answers to others hears of ids that are never its
/// own.</para>
/// <para>Any thread may call. The lock is a leaf.</para>
/// </remarks>
/// <param name="ksockId">Whose Requests.</param>
/// <param name="answersAtEnd">Whether the library must answer what is in flight when the bus dies. If not, the bus itself does, and
/// ordinary ones are not kept.</param>
internal sealed class Requests(uint ksockId, bool answersAtEnd)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, PendingAnswer> _awaited = [];

    // Tags of Requests that were given up before their senders knew whether the bus has accepted them.
    private readonly HashSet<uint> _givenUp = [];
    private readonly Dictionary<MessageId, Owed> _owed = [];
    private readonly Dictionary<MessageId, int> _takenEarly = [];
    private uint _lastTag;
    private long _order;
    private int _sending;
    private bool _isOver;
    private volatile bool _haveBeenGivenUp;
    private Func<Exception>? _abandoned;

    /// <summary>Whether any awaited Request was ever given up. Until then, whatever comes on the lane is awaited.</summary>
    public bool HaveBeenGivenUp => _haveBeenGivenUp;

    /// <summary>A Request is about to be sent whose answer is awaited; <see cref="Sent"/> follows.</summary>
    /// <returns>Its tag.</returns>
    public uint Begin(PendingAnswer pending)
    {
        lock (_lock)
        {
            do
            {
                _lastTag++;
            }
            while (_lastTag == 0 || _awaited.ContainsKey(_lastTag) || _givenUp.Contains(_lastTag));

            pending.Tag = _lastTag;
            if (_abandoned is { } reason)
            {
                pending.Abandon(reason());
            }
            else
            {
                _awaited.Add(_lastTag, pending);
            }

            return _lastTag;
        }
    }

    /// <summary>A Request is about to be sent whose answer is an ordinary message; <see cref="Sent"/> follows.</summary>
    public void Sending()
    {
        lock (_lock)
        {
            _sending++;
        }
    }

    /// <summary>What became of sending a Request.</summary>
    /// <param name="tag">Its tag; 0 if its answer is an ordinary message.</param>
    /// <param name="error">None if the bus has accepted it, so that an answer is due; EAGAIN if it waits for room.</param>
    /// <param name="id">Its id.</param>
    public void Sent(uint tag, Errno error, MessageId id)
    {
        lock (_lock)
        {
            if (tag != 0 && !_givenUp.Contains(tag))
            {
                SentAwaited(tag, error, id);
                return;
            }

            if (!answersAtEnd || (tag != 0 && error == Errno.EAGAIN))
            {
                // Nobody must know, or its outcome is still to come.
                return;
            }

            _ = _givenUp.Remove(tag);
            _sending--;
            if (error == Errno.None && !WasTakenEarly(id))
            {
                Owe(id);
            }

            if (_sending == 0)
            {
                _takenEarly.Clear();
            }
        }
    }

    /// <summary>Gives an answer that came on the lane to whoever awaits it; the buffer is empty afterwards. One thread at a time, which
    /// holds the lock under which <see cref="GiveUp"/> is called.</summary>
    /// <returns>Who it is; null if nobody does.</returns>
    public PendingAnswer? TryAnswer(uint tag, MessageBuffer answer)
    {
        PendingAnswer? pending;
        lock (_lock)
        {
            _awaited.Remove(tag, out pending);
        }

        // Not under the lock: what is read in place is given back by a command.
        pending?.Answer(answer);
        return pending;
    }

    /// <summary>Whether anybody awaits the answer under this tag.</summary>
    public bool IsAwaited(uint tag)
    {
        lock (_lock)
        {
            return _awaited.ContainsKey(tag);
        }
    }

    /// <summary>Nobody awaits the answer to a Request any more: it is an ordinary message.</summary>
    public void GiveUp(PendingAnswer pending)
    {
        lock (_lock)
        {
            bool wasAwaited = pending.Tag != 0 && _awaited.Remove(pending.Tag);
            _haveBeenGivenUp |= wasAwaited;
            if (!wasAwaited || !answersAtEnd)
            {
                return;
            }

            if (pending.IsAccepted)
            {
                Owe(pending.Id);
            }
            else
            {
                _givenUp.Add(pending.Tag);
                _sending++;
            }
        }
    }

    /// <summary>An ordinary message was taken that answers a Request of this Ksock. Its copies for listeners, which come later, count for
    /// nothing.</summary>
    public void Taken(MessageId id)
    {
        lock (_lock)
        {
            if (_owed.TryGetValue(id, out Owed owed))
            {
                if (owed.Times == 1)
                {
                    _owed.Remove(id);
                }
                else
                {
                    _owed[id] = owed with { Times = owed.Times - 1 };
                }
            }
            else if (_sending > 0)
            {
                _takenEarly[id] = _takenEarly.GetValueOrDefault(id) + 1;
            }
        }
    }

    /// <summary>The bus has died, and what was on the lane has been taken: whoever still awaits an answer gets a Status (D22).</summary>
    public void AnswerAwaited()
    {
        lock (_lock)
        {
            _isOver = true;
            foreach ((uint tag, PendingAnswer pending) in _awaited.Where(p => p.Value.IsAccepted).ToList())
            {
                _awaited.Remove(tag);
                pending.Answer(GoneAway(pending.Id));
            }
        }
    }

    /// <summary>The ids of the Requests whose answers are ordinary messages, oldest first. An id that was used n times appears n
    /// times.</summary>
    public IReadOnlyList<MessageId> AllOwed()
    {
        lock (_lock)
        {
            return [.. _owed.OrderBy(o => o.Value.Order).SelectMany(o => Enumerable.Repeat(o.Key, o.Value.Times))];
        }
    }

    /// <summary>The Ksock is closed: nobody will be answered.</summary>
    /// <param name="reason">What those who wait are told.</param>
    public void Abandon(Func<Exception> reason)
    {
        lock (_lock)
        {
            _abandoned = reason;
            foreach (PendingAnswer pending in _awaited.Values)
            {
                pending.Abandon(reason());
            }

            _awaited.Clear();
        }
    }

    /// <summary>The Status that answers a Request when the bus has died.</summary>
    public MessageBuffer GoneAway(MessageId request)
    {
        ReadOnlySpan<byte> name = MessageName.ReplierGoneAway;
        var header = new MessageHeader
        {
            StartGuard = MessageHeader.StartGuardValue,
            EndGuard = MessageHeader.EndGuardValue,
            InReplyTo = request,
            To = ksockId,
            Flags = MessageFlags.Synthetic,
            NameLength = (uint)name.Length,
        };
        var status = new MessageBuffer();
        Span<byte> bytes = status.Prepare((int)header.EntireLength);
        bytes.Clear();
        MemoryMarshal.Write(bytes, header);
        name.CopyTo(bytes[MessageHeader.Size..]);
        MemoryMarshal.Write(bytes[^MessageLayout.FinalGuardLength..], MessageHeader.EndGuardValue);
        _ = status.Commit();
        return status;
    }

    private void SentAwaited(uint tag, Errno error, MessageId id)
    {
        if (error is not (Errno.None or Errno.EAGAIN))
        {
            _awaited.Remove(tag);
        }
        else if (error == Errno.None && _awaited.TryGetValue(tag, out PendingAnswer? pending))
        {
            (pending.Id, pending.IsAccepted) = (id, true);
            if (_isOver)
            {
                _awaited.Remove(tag);
                pending.Answer(GoneAway(id));
            }
        }
    }

    private void Owe(MessageId id)
    {
        _owed.TryGetValue(id, out Owed known);
        _owed[id] = new Owed(known.Times == 0 ? ++_order : known.Order, known.Times + 1);
    }

    private bool WasTakenEarly(MessageId id)
    {
        if (!_takenEarly.TryGetValue(id, out int times))
        {
            return false;
        }

        if (times == 1)
        {
            _takenEarly.Remove(id);
        }
        else
        {
            _takenEarly[id] = times - 1;
        }

        return true;
    }

    private readonly record struct Owed(long Order, int Times);
}

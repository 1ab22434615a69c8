using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>A member that uses a device file: what it asks for is done at once, between two operations of the bus's own thread.</content>
internal sealed partial class Member
{
    private readonly Queue<(ulong Sequence, Completion Answer)> _guestsAnswers = new();
    private Guest? _guest;
    private Receipt? _halfRead;

    /// <summary>The greatest message that its link says the bus takes, in bytes.</summary>
    public uint MaxMessageSizeTold => _memory is null ? uint.MaxValue : Volatile.Read(ref _memory.Header.MaxMessageSize);

    /// <summary>True if it uses a device file.</summary>
    public bool IsGuest { get; }

    private void OpenAsGuest(KsockOwner owner)
    {
        _guest = Guest.Open(Bus.Thread, owner, _world.Laws.Exist ? Lawgiver.IdentityOf(_process.User) : null);
        if (_guest is null)
        {
            WasRefused = true;
            _world.Saw("open EPERM");
            Leave(_world.Tick());
            return;
        }

        Entered(_guest.State.Id, _guest.State.MaxMessages);
    }

    private bool PostAsGuest(Call call, ReadOnlySpan<byte> body, bool isAnswered)
    {
        if (_guest!.IsRevoked)
        {
            return false;
        }

        (call.Begun, call.Order, call.Sequence) = (_world.Tick(), ++_order, isAnswered ? ++_sequence : 0);
        _world.Log($"{this} calls {call}");
        Completion answer = _guest.Carry(call, body);
        if (isAnswered)
        {
            _posted.Enqueue(call);
            _guestsAnswers.Enqueue((call.Sequence, answer));
        }

        return true;
    }

    /// <summary>A message that was written and never sent is nobody's to get, though its file is closed.</summary>
    private void LeaveUnsent()
    {
        if (!CanSend || Waiting is not null || _big is not null || _guest is not { IsRevoked: false } guest)
        {
            return;
        }

        string name = _world.Scenario.Names[0];
        var sending = new Sending
        {
            By = this,
            Number = Sendings.Count + 1,
            Name = name,
            Flags = MessageFlags.None,
            To = 0,
            InReplyTo = default,
            GivenId = default,
            Length = 8,
            EntireLength = (int)MessageLayout.EntireLength((uint)name.Length, 8),
            IsAwaited = false,
            IsOverheard = false,
        };
        (sending.Begun, sending.Fate) = (_world.Tick(), Fate.Dropped);
        Sendings.Add(sending);
        _world.Log($"{this} writes and does not send {sending}");
        guest.LeaveUnsent(BodyOf(sending, sending.Length));
    }

    private bool TryAnswer(Call call, out Completion answer)
    {
        if (_guest is null)
        {
            return _completions.TryGet(call.Sequence, out answer);
        }

        answer = default;
        bool isThere = _guestsAnswers.TryPeek(out (ulong Sequence, Completion Answer) next) && next.Sequence == call.Sequence;
        if (isThere)
        {
            answer = _guestsAnswers.Dequeue().Answer;
        }

        return isThere;
    }

    private bool TakeAsGuest(int most)
    {
        int taken = 0;
        while (taken < most)
        {
            bool leavesEnd = _whim.OneIn(3);
            bool any = _guest!.TryTake(leavesEnd, out byte[] message);
            _halfRead?.HeldUntil = _world.Tick();
            _halfRead = null;
            if (!any)
            {
                break;
            }

            taken++;
            _copies.Clear();
            _copies.Add((message, (uint)DeliveryKind.Inline));
            Took(null);
            if (leavesEnd)
            {
                // It counts until the next one is taken.
                _halfRead = Receipts[^1];
                _halfRead.HeldUntil = Sending.Never;
            }
        }

        return taken > 0;
    }
}

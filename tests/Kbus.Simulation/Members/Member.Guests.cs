using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>A member that uses a device file: what it asks for is done at once, between two operations of the bus's own thread.</content>
internal sealed partial class Member
{
    private readonly Queue<(ulong Sequence, Completion Answer)> _guestsAnswers = new();
    private Guest? _guest;

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
            Leave();
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
        while (taken < most && _guest!.TryTake(out byte[] message))
        {
            taken++;
            _copies.Clear();
            _copies.Add((message, (uint)DeliveryKind.Inline));
            Took();
        }

        return taken > 0;
    }
}

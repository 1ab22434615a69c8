namespace Kbus.Core;

// Waking those whose sends wait: because their recipient has made room, or because a binding has changed. A wake is a hint, and the
// sender then tries again. There may be many, and each may cost a system call. So an operation wakes some, and what is left is work that
// is continued.
internal sealed partial class Bus
{
    // A wake may be a system call, which takes as long as so many other steps.
    private const ulong StepsOfWake = 20;

    private readonly Queue<KsockState> _withRoom = new();

    private bool HasSendersToWake => _waitingSenders.IsWaking || _withRoom.Count > 0;

    /// <summary>There is more room in a Ksock's queue: the senders that it holds up are to be woken.</summary>
    private void RoomMade(KsockState ksock)
    {
        if (ksock.Blocked.Count > 0)
        {
            ksock.Blocked.BeginRound();
            if (!ksock.WakesBlocked)
            {
                ksock.WakesBlocked = true;
                _withRoom.Enqueue(ksock);
            }
        }
    }

    /// <summary>Wakes one of those that are to be woken.</summary>
    private void WakeOne()
    {
        _steps += StepsOfWake;
        if (_waitingSenders.IsWaking)
        {
            _waitingSenders.Next().Carrier.RetryWorthwhile();
        }
        else
        {
            WakeOneBlocked(_withRoom.Peek());
        }
    }

    private void WakeOneBlocked(KsockState full)
    {
        if (!full.Blocked.IsWaking)
        {
            full.WakesBlocked = false;
            _withRoom.Dequeue();
            return;
        }

        KsockState sender = full.Blocked.Next();
        if (!full.IsOpen || !IsQueueFullIndeed(full, sender.Waiting!.EntireLength))
        {
            sender.Carrier.RetryWorthwhile();
        }
    }

    /// <remarks>
    /// The sender waits for this queue and not for its process. If the process is short of bytes, the sender learns so when it tries again.
    /// It may use a reserved place: that of the answer that it sends.
    /// </remarks>
    private bool IsQueueFullIndeed(KsockState full, int bytes) => IsQueueFull(full, bytes, 1) && Observe(full) && IsQueueFull(full, bytes, 1);
}

using System.Runtime.InteropServices;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>How it goes: it closes, hangs up, dies, or writes nonsense and is shown out.</content>
internal sealed partial class Member
{
    private static readonly int[] Words =
    [
        LinkLayout.CommandTailOffset, LinkLayout.CommandHeadOffset, LinkLayout.ClientWantsOffset, LinkLayout.BusWantsBellOffset,
        LinkLayout.DeliveryTailsOffset, LinkLayout.DeliveryTailsOffset + 8, LinkLayout.DeliveryHeadOffset, LinkLayout.CompletionFutexOffset,
        LinkLayout.DeliveryFlagsOffset, LinkLayout.CompletionSleeperOffset, LinkLayout.ConstantsOffset,
    ];

    /// <summary>Closes the Ksock, as a program does that ends in order.</summary>
    public void Close()
    {
        var call = new Call { Code = CommandCode.Close };
        if (IsOpen && Post(call, isRungLater: false, isAnswered: !IsGuest))
        {
            // A device file has been closed by now, and others may have acted while the bus did it.
            Leave(call.Begun);
            if (!IsHonest)
            {
                // Among nonsense the bus may never find the command.
                HangUp();
            }
        }
    }

    /// <summary>The process's end of the socket is closed without a word.</summary>
    public void HangUp()
    {
        _world.Log($"{this} hangs up");
        Leave(_world.Tick());
        if (_guest is { } guest)
        {
            // The kernel tells of it when nobody is inside the bus.
            _world.WhenOutside(guest.Close);
        }
        else
        {
            _socket.Dispose();
        }
    }

    /// <summary>From now on it does nothing any more.</summary>
    /// <param name="from">From when on others may see that it has gone.</param>
    public void Leave(long from)
    {
        if (IsThere)
        {
            LeavesFrom = from;
            foreach (Bound bound in Bounds)
            {
                bound.LostFrom = Math.Min(bound.LostFrom, LeavesFrom);
            }
        }
    }

    /// <summary>The bus has noticed by now that it has gone.</summary>
    public void IsGone()
    {
        if (GoneBy == Sending.Never)
        {
            GoneBy = _world.Tick();
            EndAll();
        }
    }

    /// <summary>Whatever it did not hear of has happened by now, or will not.</summary>
    private void EndAll()
    {
        bool mayHaveRetried = _posted.Any(c => c.Code is CommandCode.Retry or CommandCode.Poll);
        foreach (Call call in _posted)
        {
            call.Ended = GoneBy;
            call.Choice?.Ended = GoneBy;
            if (call.Sending is { } sending)
            {
                sending.Fate = IsSurelySent(call) ? Fate.Sent : sending.Fate;
                (sending.Until, sending.Ended, sending.Answered) = (GoneBy, GoneBy, GoneBy);
            }
            else if (call.Code is CommandCode.Retry or CommandCode.Poll && Waiting is { } waiting && waiting.Fate == Fate.Waiting)
            {
                (waiting.Fate, waiting.From, waiting.Until, waiting.Ended) = (Fate.Unknown, call.Begun, GoneBy, GoneBy);
            }
            else if (call.Code == CommandCode.Unbind)
            {
                foreach (Bound bound in Bounds.Where(b => b.Pattern == call.Name))
                {
                    bound.LostFrom = Math.Min(bound.LostFrom, call.Begun);
                    bound.WasUnbound = true;
                }
            }
        }

        if (Waiting is not null && !mayHaveRetried)
        {
            (Waiting.Fate, Waiting.Ended) = (Fate.Dropped, GoneBy);
        }

        foreach (Bound bound in Bounds)
        {
            bound.LostBy = Math.Min(bound.LostBy, GoneBy);
        }

        _posted.Clear();
    }

    /// <summary>What it had sent before it went counts. Nobody can refuse a plain announcement; of anything else the outcome is not known.</summary>
    private bool IsSurelySent(Call call) =>
        call.Code == CommandCode.Send && IsHonest && !IsGuest && Waiting is null && call.Sending is { IsRequest: false, IsReply: false, IsAllOrNone: false } sending
        && _world.Scenario.Names.Contains(sending.Name)
        && !_posted.TakeWhile(c => c != call).Any(c => c.Sending is not null && c.Sending.IsAllOrNone)
        && _world.Laws.EndedFrom(AskedFrom, MayStay) == Sending.Never
        && _world.Laws.SurelyMay(call.Begun, GoneBy, law => MaySend(law, sending.Name));

    /// <summary>Does the acts by which a member goes, which need no open Ksock.</summary>
    /// <returns>False if the act is none of them.</returns>
    private bool Depart(Act act, ref Dice dice)
    {
        if (IsGuest && IsOpen && act is Act.Close or Act.HangUp or Act.Die && dice.OneIn(2))
        {
            LeaveUnsent();
        }

        switch (act)
        {
            case Act.Close:
                Close();
                return true;
            case Act.HangUp:
                HangUp();
                return true;
            case Act.Die:
                _world.Log($"process {_process.Number} dies");
                _process.Die();
                foreach (Member member in _process.Members.Where(m => m.IsThere))
                {
                    member.Leave(_world.Tick());
                    if (member.IsGuest)
                    {
                        // It may be opening its file just now.
                        _world.WhenOutside(() => member._guest?.Close());
                        continue;
                    }

                    // A child of the process may keep the socket, and the kernel may close it late.
                    if (!dice.OneIn(3))
                    {
                        member._socket.Dispose();
                    }
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes into the memory what ends the link for sure.</summary>
    public void Spoil()
    {
        if (IsOpen && !IsHonest)
        {
            _memory!.Header.CommandTail = ulong.MaxValue - 7;
            _commandBell.RingIfWanted();
        }
    }

    /// <summary>Writes nonsense: into a word of the header, or anywhere.</summary>
    private unsafe void Scribble(ref Dice dice)
    {
        if (IsHonest)
        {
            TaintedFrom = _world.Tick();
            _world.Log($"{this} scribbles");
            foreach (Bound bound in Bounds)
            {
                bound.LostFrom = Math.Min(bound.LostFrom, TaintedFrom);
            }
        }

        fixed (void* page = &_memory!.Header.Constants)
        {
            var memory = new Span<byte>((byte*)page - LinkLayout.ConstantsOffset, _memory.Layout.DeliveryRingOffset);
            for (int i = 1 + dice.Below(4); i > 0; i--)
            {
                int at = dice.OneIn(3) ? dice.Below(memory.Length / 8) * 8 : dice.Of<int>(Words);
                ref ulong word = ref MemoryMarshal.Cast<byte, ulong>(memory)[at / 8];
                word = dice.Below(4) switch
                {
                    0 => dice.Next(),
                    1 => word + 8,
                    2 => word ^ (1ul << dice.Below(64)),
                    _ => word - (ulong)(8 * dice.Below(64)),
                };
            }
        }

        _commandBell.RingIfWanted();
    }
}

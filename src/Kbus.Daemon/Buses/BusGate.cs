using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Keeps a bus's own thread and the thread that serves device files out of each other's operations on the bus.</summary>
/// <remarks>
/// <para>There are two sides with one thread each, so Peterson's algorithm fits. Each side announces that it wants to enter, and lets the
/// other go first if both want to. So neither waits for more than one turn of the other. If the other side is idle, entering costs one
/// fence. The bus's thread enters once for each bounded share of work, not for each message.</para>
/// <para>A waiting side polls, and yields the processor between polls. Turns are short, and nobody inside ever waits.</para>
/// </remarks>
internal sealed class BusGate
{
    private const int OwnersTurn = 0;
    private const int GuestsTurn = 1;

    // Polls before the waiting thread sleeps a millisecond at a time. That is longer than any turn whose thread keeps its processor.
    private const int LooksUntilSleep = 2000;

    private int _owner;
    private int _guest;
    private int _turn;

    /// <summary>The bus's own thread enters.</summary>
    public void EnterAsOwner()
    {
        Volatile.Write(ref _owner, 1);
        Volatile.Write(ref _turn, GuestsTurn);

        // Pairs with the fence in EnterAsGuest: if both sides enter at the same time, at least one sees the other.
        Fence.Full();
        if (Volatile.Read(ref _guest) != 0 && Volatile.Read(ref _turn) == GuestsTurn)
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref _guest) != 0 && Volatile.Read(ref _turn) == GuestsTurn)
            {
                wait.SpinOnce(LooksUntilSleep);
            }
        }
    }

    /// <summary>The bus's own thread leaves.</summary>
    public void LeaveAsOwner() => Volatile.Write(ref _owner, 0);

    /// <summary>The thread that serves device files enters.</summary>
    public void EnterAsGuest()
    {
        Volatile.Write(ref _guest, 1);
        Volatile.Write(ref _turn, OwnersTurn);
        Fence.Full();
        if (Volatile.Read(ref _owner) != 0 && Volatile.Read(ref _turn) == OwnersTurn)
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref _owner) != 0 && Volatile.Read(ref _turn) == OwnersTurn)
            {
                wait.SpinOnce(LooksUntilSleep);
            }
        }
    }

    /// <summary>The thread that serves device files leaves.</summary>
    public void LeaveAsGuest() => Volatile.Write(ref _guest, 0);
}

using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Keeps a bus's own thread and the thread that serves device files out of each other's operations on the bus.</summary>
/// <remarks>
/// <para>Two sides, one thread each, so Peterson's way serves: each says that it wants in and lets the other go first, should both want
/// it. So neither waits for more than one turn of the other, and with nobody on the other side getting in costs one fence. The bus's
/// thread gets in once for each bounded share of work, not for each message.</para>
/// <para>Who waits looks again and again, and gives way to other threads meanwhile: turns are short, and nobody inside ever waits.</para>
/// </remarks>
internal sealed class BusGate
{
    private const int OwnersTurn = 0;
    private const int GuestsTurn = 1;

    // Looks until the waiting thread gives its time away by the millisecond: longer than any turn, unless the processor was taken from it.
    private const int LooksUntilSleep = 2000;

    private int _owner;
    private int _guest;
    private int _turn;

    /// <summary>The bus's own thread gets in.</summary>
    public void EnterAsOwner()
    {
        Volatile.Write(ref _owner, 1);
        Volatile.Write(ref _turn, GuestsTurn);

        // The pair of the fence in EnterAsGuest: of two that come together at least one sees the other.
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

    /// <summary>The bus's own thread is out.</summary>
    public void LeaveAsOwner() => Volatile.Write(ref _owner, 0);

    /// <summary>The thread that serves device files gets in.</summary>
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

    /// <summary>The thread that serves device files is out.</summary>
    public void LeaveAsGuest() => Volatile.Write(ref _guest, 0);
}

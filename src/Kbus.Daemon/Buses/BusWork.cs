namespace Kbus.Daemon;

/// <summary>What another thread hands to a bus: carried out on the bus's thread between two operations, or abandoned if the bus has ended.</summary>
internal abstract class BusWork
{
    /// <summary>Does the work. Only the bus's thread calls. An exception that leaves it ends the bus.</summary>
    public abstract void CarryOut(BusThread bus);

    /// <summary>The work will not be done, or not to its end. Any thread may call.</summary>
    public abstract void Abandon();
}

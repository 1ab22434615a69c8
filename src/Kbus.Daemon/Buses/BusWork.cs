namespace Kbus.Daemon;

/// <summary>Work from another thread. The bus's thread does it between two operations, or it is abandoned if the bus has ended.</summary>
internal abstract class BusWork
{
    /// <summary>Does the work. Only the bus's thread calls. An exception that leaves it ends the bus.</summary>
    public abstract void CarryOut(BusThread bus);

    /// <summary>The work will not be done, or not be completed. Any thread may call.</summary>
    public abstract void Abandon();
}

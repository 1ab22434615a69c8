namespace Kbus.Daemon;

/// <summary>Has a bus give back memory for payloads that nobody uses.</summary>
internal sealed class TrimWork : BusWork
{
    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => bus.Payloads.Trim();

    /// <inheritdoc/>
    public override void Abandon()
    {
    }
}

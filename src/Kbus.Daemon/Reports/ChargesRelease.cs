using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Has the bus forget the place of a report on charges that was given up.</summary>
/// <param name="place">The place.</param>
internal sealed class ChargesRelease(ChargesPlace<KsockState> place) : BusWork
{
    /// <inheritdoc/>
    public override void CarryOut(BusThread bus) => place.Leave();

    /// <inheritdoc/>
    public override void Abandon()
    {
        // The bus has ended, and the place with it.
    }
}

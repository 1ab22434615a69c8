using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Has a bus's thread take down who holds how much on the bus.</summary>
/// <param name="kinds">Of what.</param>
/// <param name="filled">Called when it has been taken down, or will never be; from any thread.</param>
internal sealed class ChargesQuestion(IReadOnlyList<ChargeKind> kinds, Action<ReportPiece> filled) : ReportPiece(filled)
{
    /// <summary>What was taken down; null if the bus has ended.</summary>
    public ChargesSnapshot? Snapshot { get; private set; }

    /// <inheritdoc/>
    protected override void Fill(BusThread bus) => Snapshot = new ChargesSnapshot(bus.Bus.Charges, kinds);
}

namespace Kbus.Limpets;

/// <summary>A server with one peer, whoever may connect.</summary>
/// <param name="berth">Its place.</param>
internal sealed class OneBerth(Berth berth) : IBerths
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Berth> All { get; } = [berth];

    /// <inheritdoc/>
    public IReadOnlyList<LimpetLinkReport> Links => [berth.Record.Report()];

    /// <inheritdoc/>
    public Berth Find(Arrival arrival) => berth;
}

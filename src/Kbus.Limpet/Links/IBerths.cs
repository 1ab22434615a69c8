namespace Kbus.Limpets;

/// <summary>The peers that a server may have.</summary>
internal interface IBerths
{
    /// <summary>All of them.</summary>
    IReadOnlyCollection<Berth> All { get; }

    /// <summary>What the links of all are at this moment.</summary>
    IReadOnlyList<LimpetLinkReport> Links { get; }

    /// <summary>The place of a peer that has greeted.</summary>
    /// <param name="arrival">What is known of it.</param>
    /// <returns>Its place.</returns>
    /// <exception cref="LimpetException">It may not be linked; the message says why, also to the peer.</exception>
    Berth Find(Arrival arrival);
}

namespace Kbus.Limpets;

/// <summary>What a link has carried so far.</summary>
/// <param name="CarriedOut">Messages written for the peer, bind events and answers included.</param>
/// <param name="CarriedIn">Messages of the peer that were handed to the bus and not refused.</param>
/// <param name="Refused">Messages of the peer that the bus refused; the Requests among them were answered.</param>
/// <param name="Missed">Announcements and overheard messages that the peer missed because it took nothing.</param>
/// <param name="Awaited">Requests that are on their way to be answered beyond.</param>
/// <param name="Proxies">Names for which the Limpet represents a replier of the other bus.</param>
/// <param name="ProxiesWaiting">Names for which it should and cannot yet.</param>
public readonly record struct LimpetCounts(
    long CarriedOut, long CarriedIn, long Refused, long Missed, int Awaited, int Proxies, int ProxiesWaiting)
{
    /// <summary>Bytes of frames that the connection has taken for the peer.</summary>
    public long BytesOut { get; init; }

    /// <summary>Bytes of frames that were read from the peer.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes that wait to be written to the peer now. See <see cref="LimpetOptions.Backlog"/>.</summary>
    public long Backlog { get; init; }

    /// <summary>The same of a link that has ended: nothing waits any more.</summary>
    internal LimpetCounts Ended => this with { Awaited = 0, Proxies = 0, ProxiesWaiting = 0, Backlog = 0 };

    /// <summary>The counts of this link together with those of links before it.</summary>
    internal LimpetCounts After(LimpetCounts former) => this with
    {
        CarriedOut = CarriedOut + former.CarriedOut,
        CarriedIn = CarriedIn + former.CarriedIn,
        Refused = Refused + former.Refused,
        Missed = Missed + former.Missed,
        BytesOut = BytesOut + former.BytesOut,
        BytesIn = BytesIn + former.BytesIn,
    };
}

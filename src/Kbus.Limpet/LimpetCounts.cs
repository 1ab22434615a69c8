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
    long CarriedOut, long CarriedIn, long Refused, long Missed, int Awaited, int Proxies, int ProxiesWaiting);

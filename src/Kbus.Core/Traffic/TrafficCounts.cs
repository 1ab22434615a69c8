namespace Kbus.Core;

/// <summary>What has gone over a bus, from and to one Ksock, or under one name, since it is counted. Bytes are those of entire messages.</summary>
/// <remarks>
/// The counts decide nothing and no operation can see them. So they are not part of the books: they are neither saved nor digested, and a
/// bus that goes on from saved books counts from there. They are as deterministic as the bus: equal operations from the beginning on
/// give equal counts.
/// </remarks>
internal struct TrafficCounts
{
    /// <summary>Messages that members sent; not those that the bus made itself.</summary>
    public ulong Sent;

    /// <summary>Bytes of those.</summary>
    public ulong SentBytes;

    /// <summary>Copies that were put into queues; of a Ksock or a bus also of the bus's own messages.</summary>
    public ulong Delivered;

    /// <summary>Bytes of those.</summary>
    public ulong DeliveredBytes;

    /// <summary>Copies that listeners without room have missed.</summary>
    public ulong Missed;

    /// <summary>Requests among the sent messages.</summary>
    public ulong Requests;

    /// <summary>Replies that answered a Request: of a Ksock those that it sent, of a name those to Requests of that name.</summary>
    public ulong Replies;

    /// <summary>Statuses that answered a Request: of a Ksock those that it got, of a name those to Requests of that name.</summary>
    public StatusCounts Statuses;

    /// <summary>Sends that were refused.</summary>
    public RefusalCounts Refused;

    /// <summary>Adds other counts to these.</summary>
    public void Add(in TrafficCounts other)
    {
        Sent += other.Sent;
        SentBytes += other.SentBytes;
        Delivered += other.Delivered;
        DeliveredBytes += other.DeliveredBytes;
        Missed += other.Missed;
        Requests += other.Requests;
        Replies += other.Replies;
        for (int i = 0; i < StatusCounts.Count; i++)
        {
            Statuses[i] += other.Statuses[i];
        }

        for (int i = 0; i < RefusalCounts.Count; i++)
        {
            Refused[i] += other.Refused[i];
        }
    }
}

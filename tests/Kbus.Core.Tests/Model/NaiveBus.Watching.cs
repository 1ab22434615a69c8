namespace Kbus.Core.Tests;

/// <content>What the model counts, and what it tells of to whoever watches.</content>
internal sealed partial class NaiveBus
{
    private readonly Dictionary<string, NaiveTraffic> _names = [];
    private readonly List<string> _copies = [];
    private NaiveKsock? _full;
    private ulong _delivered;
    private ulong _missed;

    /// <summary>What has happened, in the bus's order.</summary>
    public List<string> Events { get; } = [];

    public NaiveTraffic Traffic { get; } = new();

    public bool HasSetAside => _setAside.Count > 0;

    public NaiveTraffic TrafficOf(string name)
    {
        if (!_names.TryGetValue(name, out NaiveTraffic? traffic))
        {
            _names.Add(name, traffic = new NaiveTraffic());
        }

        return traffic;
    }

    /// <summary>The printed form of a message that was watched. The order of its copies does not count.</summary>
    public static string Print(uint sender, NaiveMessage message, Errno outcome, IEnumerable<string> copies) =>
        $"{sender} {outcome} {message} [{string.Join(", ", copies.Order(StringComparer.Ordinal))}]";

    private void Note(NaiveKsock ksock, string fate)
    {
        _copies.Add($"{ksock.Id} {fate}");
        _missed += fate == "missed" ? 1u : 0;
    }

    private void Count(NaiveKsock ksock, NaiveEntry entry)
    {
        _delivered++;
        foreach (NaiveTraffic traffic in (NaiveTraffic[])[Traffic, ksock.Traffic])
        {
            traffic.Delivered++;
            traffic.DeliveredBytes += (ulong)entry.Message.Length;
        }

        bool isEvent = entry.Message.Name == "$.KBUS.ReplierBindEvent" || entry.Message.Name == "$.KBUS.UnbindEventsLost";
        Note(ksock, entry.Debt is not null ? "replier" : entry.Because is not null || isEvent ? "listener" : "requester");
    }

    private void CountSent(NaiveKsock sender, NaiveMessage message, NaiveDebt? answered)
    {
        ulong length = (ulong)message.Length;
        NaiveTraffic name = TrafficOf(message.Name);
        foreach (NaiveTraffic traffic in (NaiveTraffic[])[Traffic, sender.Traffic, name])
        {
            traffic.Sent++;
            traffic.SentBytes += length;
            traffic.Requests += message.IsRequest ? 1u : 0;
        }

        name.Delivered += _delivered;
        name.DeliveredBytes += _delivered * length;
        name.Missed += _missed;
        if (answered is not null)
        {
            Traffic.Replies++;
            sender.Traffic.Replies++;
            TrafficOf(answered.Name).Replies++;
        }
    }

    private void CountStatus(NaiveKsock requester, string request, string status)
    {
        foreach (NaiveTraffic traffic in (NaiveTraffic[])[Traffic, requester.Traffic, TrafficOf(request)])
        {
            NaiveTraffic.Add(traffic.Statuses, status[(status.LastIndexOf('.') + 1)..], 1);
        }
    }

    /// <summary>A message was not sent: it waits, or it was refused, which counts.</summary>
    private void Halt(NaiveKsock sender, NaiveMessage message, Errno error)
    {
        if (error == Errno.None)
        {
            return;
        }

        if (_full is not null && error is Errno.EBUSY or Errno.EAGAIN or Errno.ENOLCK)
        {
            Note(_full!, "no room");
        }

        if (error != Errno.EAGAIN)
        {
            foreach (NaiveTraffic traffic in (NaiveTraffic[])[Traffic, sender.Traffic, TrafficOf(message.Name)])
            {
                NaiveTraffic.Add(traffic.Refused, error.ToString(), 1);
            }
        }

        Tell(sender, message, error);
    }

    private void Tell(NaiveKsock? sender, NaiveMessage message, Errno outcome)
    {
        Events.Add(Print(sender?.Id ?? 0, message, outcome, _copies));
        Traffic.Missed += _missed;
        _copies.Clear();
        _delivered = 0;
        _missed = 0;
        _full = null;
    }
}

using System.Globalization;

namespace Kbus.Cli;

/// <summary>What became of the messages of a recording when it was replayed.</summary>
internal sealed class ReplayCount
{
    private readonly SortedDictionary<Errno, (ulong Count, string First)> _refused = [];
    private readonly SortedDictionary<string, ulong> _leftOut = new(StringComparer.Ordinal);
    private ulong _announcements;
    private ulong _requests;
    private ulong _replies;
    private ulong _answeredByReply;
    private ulong _answeredByStatus;

    /// <summary>Sent Requests that have no answer yet.</summary>
    public ulong Unanswered => _requests - Math.Min(_requests, _answeredByReply + _answeredByStatus);

    /// <summary>Whether something was refused.</summary>
    public bool HasRefusals => _refused.Count > 0;

    /// <summary>What there is so far, in one line.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture, $"{_announcements + _requests + _replies} sent, {Refused} refused");

    private ulong Refused => _refused.Values.Aggregate(0ul, (sum, r) => sum + r.Count);

    /// <summary>A message was sent.</summary>
    public void Sent(Message message)
    {
        _announcements += message.IsRequest || message.IsReply ? 0ul : 1;
        _requests += message.IsRequest ? 1ul : 0;
        _replies += message.IsReply ? 1ul : 0;
    }

    /// <summary>A Request of the replay was answered.</summary>
    public void Answered(Message answer)
    {
        _answeredByStatus += answer.IsStatus ? 1ul : 0;
        _answeredByReply += answer.IsStatus ? 0ul : 1;
    }

    /// <summary>A message was refused.</summary>
    /// <param name="errno">Why.</param>
    /// <param name="name">Its name.</param>
    public void Refuse(Errno errno, string name)
    {
        _refused[errno] = _refused.TryGetValue(errno, out (ulong Count, string First) known) ? (known.Count + 1, known.First) : (1, name);
    }

    /// <summary>A message was not even tried.</summary>
    /// <param name="why">Why not: words behind a number.</param>
    public void LeaveOut(string why) => _leftOut[why] = _leftOut.TryGetValue(why, out ulong known) ? known + 1 : 1;

    /// <summary>All of it, for people.</summary>
    public IEnumerable<string> Lines()
    {
        string announcements = Counted(_announcements, "announcement", "announcements");
        yield return $"sent: {announcements}, {Counted(_requests, "Request", "Requests")}, {Counted(_replies, "Reply", "Replies")}";
        if (_requests > 0)
        {
            string replies = Counted(_answeredByReply, "Reply", "Replies");
            yield return $"answered: by {replies} and {Counted(_answeredByStatus, "Status", "Statuses")}; {Text(Unanswered)} not yet";
        }

        foreach ((string why, ulong count) in _leftOut)
        {
            yield return $"left out: {Text(count)} {why}";
        }

        foreach ((Errno errno, (ulong count, string first)) in _refused)
        {
            string error = KbusErrors.Name(errno);
            string meaning = KbusErrors.UnixMeaning(errno);
            yield return $"refused: {Text(count)} by {error} ({meaning}), first {TerminalText.Of(first)}; see kbus errno {error}";
        }
    }

    private static string Counted(ulong count, string one, string many) => $"{Text(count)} {(count == 1 ? one : many)}";

    private static string Text(ulong count) => count.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Kbus.Cli;

/// <summary>What is known of a bus from its events: the programs that have its Ksocks, and the Requests that wait for an answer.</summary>
/// <param name="programs">Says whose a Ksock is when it is opened.</param>
internal sealed class MonitoredBus(Func<KsockOpenedEvent, KsockProgram> programs)
{
    // A bus allows that many. More are known only after lost events.
    private const int MostRequests = 100_000;

    private readonly Dictionary<uint, KsockProgram> _programs = [];
    private readonly Dictionary<(uint Requester, MessageId Id), (string Name, TimeSpan Sent)> _requests = [];

    /// <summary>Takes down what an event tells.</summary>
    /// <returns>The Request that it answers, if it is an answer to one that was seen.</returns>
    public AnsweredRequest? Note(BusEvent busEvent)
    {
        switch (busEvent)
        {
            case KsockOpenedEvent opened:
                _programs[opened.Ksock] = programs(opened);
                return null;
            case MessageEvent { Outcome: Errno.None } message:
                return NoteMessage(message);
            default:
                return null;
        }
    }

    /// <summary>A Ksock that has closed is forgotten once its end has been shown.</summary>
    public void Forget(BusEvent busEvent)
    {
        if (busEvent is KsockClosedEvent closed)
        {
            _programs.Remove(closed.Ksock);
            foreach ((uint, MessageId) key in _requests.Keys.Where(k => k.Requester == closed.Ksock).ToArray())
            {
                _requests.Remove(key);
            }
        }
    }

    /// <summary>Another bus: nothing is known of it yet.</summary>
    public void Clear()
    {
        _programs.Clear();
        _requests.Clear();
    }

    /// <summary>The program of a Ksock; empty if it is not known.</summary>
    public string ProgramOf(uint ksock) => _programs.TryGetValue(ksock, out KsockProgram program) ? program.Program : "";

    /// <summary>The user of a Ksock; empty if he is not known.</summary>
    public string UserOf(uint ksock) => _programs.TryGetValue(ksock, out KsockProgram program) ? program.User : "";

    /// <summary>A Ksock for people: its program and its id.</summary>
    public string NameOf(uint ksock) => ksock == 0
        ? "bus"
        : string.Create(CultureInfo.InvariantCulture, $"{(ProgramOf(ksock) is { Length: > 0 } program ? TerminalText.Of(program) : "Ksock")}[{ksock}]");

    private AnsweredRequest? NoteMessage(MessageEvent message)
    {
        AnsweredRequest? answered = null;
        Message sent = message.Message;
        if (sent.InReplyTo != MessageId.None && _requests.Remove((sent.To, sent.InReplyTo), out (string Name, TimeSpan Sent) request))
        {
            answered = new AnsweredRequest(request.Name, message.Monotonic - request.Sent);
        }

        if (sent.IsRequest && message.Recipients.Any(r => r.Fate == RecipientFate.Replier))
        {
            if (_requests.Count >= MostRequests)
            {
                _requests.Clear();
            }

            _requests[(message.Ksock, sent.Id)] = (sent.Name, message.Monotonic);
        }

        return answered;
    }
}

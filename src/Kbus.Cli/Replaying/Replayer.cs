namespace Kbus.Cli;

/// <summary>Sends the announcements and Requests of a recording again, from one Ksock, in their order.</summary>
/// <remarks>What is refused is counted and does not end it. One thread uses it.</remarks>
internal sealed class Replayer : IDisposable
{
    // More are owed by no bus at a time. Answers that nobody reads would keep the next Request from being sent.
    private const uint MostWaiting = 100_000;
    private const MessageFlags ByTheBus = MessageFlags.WantYouToReply | MessageFlags.Synthetic;

    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(5);

    private readonly Invocation _invocation;
    private readonly IReadOnlyList<string> _names;
    private readonly NameMap _map;
    private readonly ReplayPace _pace;
    private readonly StreamLimit _limit;
    private readonly ProgressLine _progress;
    private readonly TimeSpan _patience;
    private readonly bool _onlyRequests;
    private readonly Dictionary<uint, uint> _repliers = [];
    private readonly Ksock _ksock;
    private readonly ReplayedReplier? _replier;

    /// <summary>Reads the options and opens what it needs.</summary>
    /// <exception cref="CommandException">They make no sense, or there is no such bus.</exception>
    public Replayer(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        _invocation = invocation;
        _names = [.. arguments.Operands.Skip(1)];
        _map = new NameMap(arguments);
        _pace = new ReplayPace(invocation);
        _limit = new StreamLimit(invocation);
        _progress = new ProgressLine(invocation);
        _patience = arguments.Seconds(Options.Timeout) ?? UsualPatience;
        _onlyRequests = arguments.Has(Options.RequestsOnly);
        bool needsFile = arguments.Number(Options.Loops, least: 1) > 1 || arguments.Has(Options.AsReplier) || arguments.Has(Options.Step);
        if (needsFile && arguments.Operands[0] == "-")
        {
            throw CommandException.Usage(
                $"standard input can be read once only: {Options.Loops}, {Options.AsReplier} and {Options.Step} need a file.",
                invocation.Verb);
        }

        List<string> replied = arguments.Has(Options.AsReplier) ? RepliedNames() : [];
        _ksock = KsockOpening.Open(invocation, KsockMode.ReadWrite);
        _ksock.SetMaxMessages(MostWaiting);
        _replier = arguments.Has(Options.AsReplier) ? new ReplayedReplier(invocation, replied, MostWaiting) : null;
    }

    /// <summary>What became of the messages so far.</summary>
    public ReplayCount Count { get; } = new();

    /// <summary>What is wrong with the recording; null if nothing is.</summary>
    public string? FaultText { get; private set; }

    /// <summary>Replays the recording, as often as is wanted, and waits for the last answers.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">The time is over, or the recording cannot be read.</exception>
    /// <exception cref="KbusException">ENODEV: the bus has ended.</exception>
    public int Run()
    {
        uint loops = _invocation.Arguments.Number(Options.Loops, least: 1) ?? 1;
        bool isDamaged = false;
        for (uint loop = 0; loop < loops && !_limit.IsReached; loop++)
        {
            using RecordingReader reader = RecordingReader.Open(_invocation, _invocation.Arguments.Operands[0], withData: true);
            Restart();
            Play(reader);
            FaultText = reader.FaultText;
            isDamaged = reader.Fault is RecordingFault.Damaged or RecordingFault.Unreadable;
        }

        AwaitAnswers();
        return Count.HasRefusals || isDamaged ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Closes its Ksocks.</summary>
    public void Dispose()
    {
        _progress.Clear();
        _pace.Dispose();
        _replier?.Dispose();
        _ksock.Dispose();
    }

    private void Play(RecordingReader reader)
    {
        while (!_limit.IsReached && reader.TryNext(out BusEvent? busEvent))
        {
            if (reader.IsNew)
            {
                Restart();
            }

            if (busEvent is MessageEvent { Ksock: not 0 } message && Wants(message))
            {
                AwaitDue(message.Monotonic);
                Send(message);
                Drain();
                _progress.Show(() => $"kbus: {Count.Line}");
            }
        }
    }

    /// <summary>Another recording, with another clock and other Ksocks.</summary>
    private void Restart()
    {
        _pace.Restart();
        _replier?.Restart();
        _repliers.Clear();
    }

    private bool Wants(MessageEvent sent)
    {
        Message message = sent.Message;

        // One that waited for room comes again when it was sent.
        if (sent.Outcome == Errno.EAGAIN || (_names.Count > 0 && !_names.Any(n => KsockFilter.Takes(n, message.Name))))
        {
            return false;
        }

        string? why = sent.Outcome != Errno.None ? "refused when they were recorded"
            : message.IsReply && _replier is null ? "Replies (--as-replier sends them)"
            : message.Kind == MessageKind.Status ? "Statuses"
            : _onlyRequests && !message.IsRequest && !message.IsReply ? "announcements"
            : message.Data.Length != sent.DataLength ? "whose data is not in the recording"
            : null;
        if (why is not null)
        {
            Count.LeaveOut(why);
        }

        return why is null;
    }

    /// <summary>Waits until a message is due, and takes answers meanwhile.</summary>
    private void AwaitDue(TimeSpan moment)
    {
        _pace.Step();
        TimeSpan left;
        while ((left = _pace.Until(moment)) > TimeSpan.Zero || _limit.Left == TimeSpan.Zero)
        {
            if (_limit.Left == TimeSpan.Zero)
            {
                throw _limit.TimeOut();
            }

            _progress.Show(() => $"kbus: {Count.Line}");
            Take(_ksock.WaitForMessage(_limit.LeftAtMost(left < LongestWait ? left : LongestWait)));
        }
    }

    private void Send(MessageEvent sent)
    {
        Message? message = sent.Message.IsReply ? ReplyOf(sent.Message) : MessageOf(sent.Message);
        if (message is null)
        {
            return;
        }

        Ksock from = message.IsReply ? _replier!.Ksock : _ksock;
        bool isSent = from.TrySend(message, out MessageId id, out Errno error);
        if (!isSent && error == Errno.EAGAIN)
        {
            (isSent, error) = AwaitRoom(from);
            id = from.LastSentId;
        }

        if (isSent)
        {
            Count.Sent(message);
            _limit.Step();
            if (message.IsRequest)
            {
                _replier?.Sent(sent.Message.Id, id);
            }
        }
        else if (error == Errno.ENODEV)
        {
            throw new KbusException(Errno.ENODEV);
        }
        else
        {
            Count.Refuse(error, message.Name);
        }
    }

    /// <summary>Waits until the waiting message (ALL_OR_WAIT) has been sent, or gives it up.</summary>
    private (bool IsSent, Errno Error) AwaitRoom(Ksock from)
    {
        try
        {
            if (from.WaitUntilSent(_limit.LeftAtMost(_patience)))
            {
                return (true, Errno.None);
            }

            from.Discard();
            return (false, Errno.EAGAIN);
        }
        catch (KbusException e) when (e.Errno != Errno.ENODEV)
        {
            return (false, e.Errno);
        }
    }

    private Message? MessageOf(Message recorded)
    {
        string name = _map[recorded.Name];
        MessageFlags flags = recorded.Flags & ~ByTheBus;
        try
        {
            return recorded.IsRequest
                ? new Request(name, recorded.Data, recorded.To == 0 ? 0 : ReplierInPlaceOf(recorded.To, name), flags)
                : new Announcement(name, recorded.Data, flags);
        }
        catch (ArgumentException)
        {
            Count.Refuse(Errno.EBADMSG, name);
            return null;
        }
    }

    private Reply? ReplyOf(Message recorded)
    {
        if (_replier!.Take(recorded.InReplyTo) is not { } request)
        {
            Count.LeaveOut("Replies to Requests that the replay's replier has not got");
            return null;
        }

        try
        {
            return new Reply(_map[recorded.Name], request.Id, recorded.Data) { To = request.From, Flags = recorded.Flags & ~ByTheBus };
        }
        catch (ArgumentException)
        {
            Count.Refuse(Errno.EBADMSG, recorded.Name);
            return null;
        }
    }

    /// <summary>The Ksock that a stateful Request is for now. A conversation stays with the replier that it began with.</summary>
    private uint ReplierInPlaceOf(uint recorded, string name)
    {
        if (!_repliers.TryGetValue(recorded, out uint now))
        {
            try
            {
                now = _replier?.Ksock.Id ?? _ksock.FindReplierFor(name) ?? recorded;
            }
            catch (KbusException e) when (e.Errno != Errno.ENODEV)
            {
                now = recorded;
            }

            _repliers[recorded] = now;
        }

        return now;
    }

    private void Drain()
    {
        while (Count.Unanswered > 0 && _ksock.ReadNextMessage() is { } answer)
        {
            Take(answer);
        }
    }

    private void Take(Message? answer)
    {
        if (answer is { IsReply: true })
        {
            Count.Answered(answer);
        }
    }

    /// <summary>Each Request that was sent gets an answer. The last ones may take a while.</summary>
    private void AwaitAnswers()
    {
        long since = _invocation.Time.GetTimestamp();
        while (Count.Unanswered > 0)
        {
            TimeSpan left = _limit.LeftAtMost(_patience - _invocation.Time.GetElapsedTime(since))!.Value;
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            Take(_ksock.WaitForMessage(left < LongestWait ? left : LongestWait));
        }
    }

    /// <summary>The names of all Requests of the recording that had a replier, as they are sent now.</summary>
    private List<string> RepliedNames()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using RecordingReader reader = RecordingReader.Open(_invocation, _invocation.Arguments.Operands[0], withData: false);
        while (reader.TryNext(out BusEvent? busEvent))
        {
            if (busEvent is MessageEvent { Outcome: Errno.None, Ksock: not 0, Message.IsRequest: true } sent
                && sent.Recipients.Any(r => r.Fate == RecipientFate.Replier))
            {
                names.Add(_map[sent.Message.Name]);
            }
        }

        return [.. names];
    }
}

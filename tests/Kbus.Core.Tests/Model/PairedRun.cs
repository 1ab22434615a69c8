using System.Text;

namespace Kbus.Core.Tests;

/// <summary>The same random operations on the bus and on the model; after each, both must have given the same.</summary>
internal sealed class PairedRun
{
    private static readonly string[] Names = ["$.A", "$.B", "$.A.B", "$.A.C", "$.A.B.C"];
    private static readonly string[] Patterns = [.. Names, "$.*", "$.%", "$.A.*", "$.A.%", "$.A.B.*", "$.KBUS.ReplierBindEvent", "$.KBUS.*"];
    private static readonly string[] BadNames = ["", "$.", "$.A*", "$..A", "A", "$.A.", "$.*.A"];

    // So few tags that several Requests often have the same one.
    private const int MostTags = 6;

    private readonly Random _random;
    private readonly bool _takesByItself;
    private readonly bool _isRestored;
    private readonly BusOptions _options;
    private readonly List<MessagePool> _pools = [];
    private Bus _bus;
    private readonly NaiveBus _model;
    private readonly RecordingObserver _observer = new();
    private readonly List<Pair> _open = [];
    private readonly List<string> _log = [];

    /// <summary>Prepares a run.</summary>
    /// <param name="seed">Of what is random.</param>
    /// <param name="takesByItself">Whether processes take messages without an operation on the bus.</param>
    /// <param name="isRestored">Whether the bus is replaced again and again, by one that goes on with its saved books.</param>
    public PairedRun(int seed, bool takesByItself, bool isRestored = false)
    {
        _random = new Random(seed);
        _takesByItself = takesByItself;
        _isRestored = isRestored;
        var options = new BusOptions
        {
            DefaultMaxMessages = _random.Next(3) == 0 ? 100u : (uint)_random.Next(1, 6),
            MaxSetAsideEvents = (uint)_random.Next(0, 8),
            MaxQueuedBytes = _random.Next(3) == 0 ? 300 : 64 * 1024 * 1024,
            HashSeed = (ulong)_random.NextInt64(),
            StepsAtOnce = _random.Next(2) == 0 ? ulong.MaxValue / 2 : (ulong)_random.Next(0, 30),
            ClearedAtOnce = _random.Next(2) == 0 ? 64 : _random.Next(0, 3),
        };
        _options = options;
        _bus = new Bus(options) { Observer = _observer };
        _pools.Add(_bus.Pool);
        _model = new NaiveBus(options);
    }

    /// <summary>Plays some operations, then reads every queue to its end and closes everything.</summary>
    public void Play(int operations)
    {
        try
        {
            for (int i = 0; i < operations; i++)
            {
                Step();
                CompareEvents();
                if (_random.Next(4) == 0)
                {
                    // No member can see whether that is done, and when.
                    _bus.Continue((ulong)_random.Next(0, 10));
                }

                if (_isRestored && _random.Next(3) == 0)
                {
                    Replace();
                }

                CompareCounts();
            }

            while (_open.Count > 0)
            {
                while (Take(_open[0]) || TakeAnswer(_open[0]))
                {
                }

                Close(_open[0]);
                CompareEvents();
                CompareCounts();
            }

            CompareTraffic();

            _bus.Continue(ulong.MaxValue / 2);
            Compare("work that is left", false, _bus.HasMore);
            Compare("bindings that are left", 0, _bus.BindingCount);
            Compare("messages never given back", 0, _isRestored ? 0 : _pools.Sum(p => p.Lent));
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(string.Join('\n', ["The bus and the model differ after:", .. _log.TakeLast(60), failure.Message]), failure);
        }
    }

    private void Step()
    {
        if (_open.Count == 0 || (_open.Count < 6 && _random.Next(12) == 0))
        {
            Open();
            return;
        }

        Pair who = _open[_random.Next(_open.Count)];
        switch (_random.Next(40))
        {
            case < 5: Bind(who); break;
            case < 7: Unbind(who); break;
            case < 17: Send(who, SomeMessage(who)); break;
            case < 22: Reply(who); break;
            case < 28: Take(who); break;
            case < 30: TakeAnswer(who); break;
            case < 32: Poll(who); break;
            case 32: RetryOrDiscard(who); break;
            case 33: SetMaxMessages(who); break;
            case 34: OnlyOnce(who); break;
            case 35: Report(who); break;
            case 36: FindReplier(who); break;
            case 37: Withdraw(who); break;
            case 38 when _random.Next(2) == 0: Close(who); break;
            default: Compare("waits", who.Naive.Waiting is not null, who.Real.Waiting is not null); break;
        }
    }

    /// <summary>Replaces the bus by another with the same books. It hashes names in another way, and divides its work in another.</summary>
    private void Replace()
    {
        Log("the bus is replaced by one with its books");
        var books = new BooksWriter();
        _bus.SaveBooks(books);
        BusOptions options = _options with
        {
            HashSeed = (ulong)_random.NextInt64(),
            StepsAtOnce = _random.Next(2) == 0 ? ulong.MaxValue / 2 : (ulong)_random.Next(0, 30),
            ClearedAtOnce = _random.Next(2) == 0 ? 64 : _random.Next(0, 3),
        };
        var restored = Bus.Restore(books.Written, options, (id, _) => _open.Single(p => p.Real.Id == id).Real.Carrier);
        Compare("digest", _bus.DigestOfBooks(), restored.DigestOfBooks());
        foreach (Pair pair in _open)
        {
            pair.Real = restored.FindKsock(pair.Real.Id)!;
            pair.Carrier.Attach(restored, pair.Real);
        }

        _bus = restored;
        _bus.Observer = _observer;
        _pools.Add(_bus.Pool);
    }

    private void Open()
    {
        bool canWrite = _random.Next(10) > 0;
        var carrier = new SelfTakingCarrier();
        KsockState real = _bus.Open(canWrite, _takesByItself ? carrier : new QuietCarrier());
        carrier.Attach(_bus, real);
        var pair = new Pair(real, _model.Open(canWrite), carrier);
        _open.Add(pair);
        Log($"{pair} opens");
        Compare("id", pair.Naive.Id, real.Id);
    }

    private void Bind(Pair who)
    {
        string name = SomePattern();
        bool isReplier = _random.Next(2) == 0;
        Log($"{who} binds {name} {(isReplier ? "R" : "L")}");
        Compare("error", _model.Bind(who.Naive, name, isReplier), _bus.Bind(who.Real, Encoding.Latin1.GetBytes(name), isReplier));
    }

    private void Unbind(Pair who)
    {
        List<Binding> own = [.. who.Real.Bindings.NewestFirst];
        bool anything = own.Count == 0 || _random.Next(5) == 0;
        Binding? binding = anything ? null : own[_random.Next(own.Count)];
        string name = binding is null ? SomePattern() : Encoding.Latin1.GetString(binding.Name.Name);
        bool isReplier = binding?.IsReplier ?? _random.Next(2) == 0;
        Log($"{who} unbinds {name} {(isReplier ? "R" : "L")}");
        Compare("error", _model.Unbind(who.Naive, name, isReplier), _bus.Unbind(who.Real, Encoding.Latin1.GetBytes(name), isReplier));
    }

    private void Send(Pair who, NaiveMessage message)
    {
        Log($"{who} sends {message}{(message.Tag != 0 ? $" awaited under {message.Tag}" : "")}");
        Errno expected = _model.Send(who.Naive, message, out MessageId expectedId);
        Errno error = _bus.Send(who.Real, RealMessage.Compose(_bus, message), out MessageId id);
        Compare("error", expected, error);
        if (error is Errno.None or Errno.EAGAIN)
        {
            Compare("id", expectedId, id);
        }
    }

    private void Reply(Pair who)
    {
        if (_random.Next(4) == 0 && who.Naive.Queue.Find(e => e.Debt is not null) is { } unread)
        {
            // A Request may be answered before it is read.
            Send(who, new NaiveMessage(SomeName(), SomeData(), default, unread.Message.Id, unread.Message.From, 0, SomeFlags()));
            return;
        }

        if (who.ToReply.Count == 0)
        {
            return;
        }

        int which = _random.Next(who.ToReply.Count);
        (MessageId id, uint from) = who.ToReply[which];
        if (_random.Next(6) > 0)
        {
            who.ToReply.RemoveAt(which);
        }

        Pair replier = _random.Next(12) == 0 ? _open[_random.Next(_open.Count)] : who;
        Send(replier, new NaiveMessage(SomeName(), SomeData(), default, id, from, 0, SomeFlags()));
    }

    private bool Take(Pair who)
    {
        Log($"{who} takes");
        string expected = _model.Take(who.Naive)?.ToString() ?? "nothing";
        string taken = "nothing";
        if (_takesByItself)
        {
            taken = who.Carrier.TryTake(out string own) ? own : taken;
        }
        else if (_bus.Take(who.Real, out DeliveredMessage delivered))
        {
            taken = RealMessage.Print(delivered);
            delivered.Message.Release();
        }

        Compare("message", expected, taken);
        who.Remember(taken);
        return taken != "nothing";
    }

    private void Poll(Pair who)
    {
        Log($"{who} polls");
        Compare("readiness", _model.Poll(who.Naive), _bus.Poll(who.Real));
    }

    private void RetryOrDiscard(Pair who)
    {
        if (who.Naive.Waiting is null || who.Real.Waiting is null || _random.Next(3) == 0)
        {
            Log($"{who} discards");
            _model.Discard(who.Naive);
            _bus.Discard(who.Real);
            return;
        }

        Log($"{who} tries again");
        Compare("error", _model.Retry(who.Naive, out MessageId expected), _bus.Retry(who.Real, out MessageId id));
        Compare("id", expected, id);
    }

    private void SetMaxMessages(Pair who)
    {
        uint request = (uint)_random.Next(0, 8);
        Log($"{who} max messages {request}");
        Compare("max messages", _model.MaxMessages(who.Naive, request), _bus.MaxMessages(who.Real, request));
    }

    private void OnlyOnce(Pair who)
    {
        bool once = _random.Next(2) == 0;
        Log($"{who} only once {once}");
        Bus.OnlyOnce(who.Real, once ? 1u : 0, out uint previous);
        Compare("only once", who.Naive.OnlyOnce ? 1u : 0, previous);
        who.Naive.OnlyOnce = once;
    }

    private void Report(Pair who)
    {
        bool report = _random.Next(4) > 0;
        Log($"{who} reports binds {report}");
        bool before = _model.Reports;
        Compare("error", _model.ReportBinds(who.Naive, report), _bus.ReportReplierBinds(who.Real, report ? 1u : 0, out uint previous));
        Compare("previous", before ? 1u : 0, previous);
    }

    private void FindReplier(Pair who)
    {
        string name = Patterns[_random.Next(Patterns.Length)];
        Log($"{who} finds {name}");
        _bus.FindReplier(Encoding.Latin1.GetBytes(name), isMatching: false, out uint found);
        Compare("replier", _model.FindReplier(name), found);
    }

    private bool TakeAnswer(Pair who)
    {
        Log($"{who} takes an answer");
        string expected = _model.TakeAnswer(who.Naive)?.ToString() ?? "nothing";
        string taken = "nothing";
        if (_takesByItself)
        {
            taken = who.Carrier.TryTakeAnswerItself(out string own) ? own : taken;
        }
        else if (_bus.TakeAnswer(who.Real, out DeliveredMessage delivered))
        {
            Compare("tag of an answer that was taken", true, delivered.Message.AnsweredTag != 0);
            taken = RealMessage.Print(delivered);
            delivered.Message.Release();
        }

        Compare("answer", expected, taken);
        return taken != "nothing";
    }

    private void Withdraw(Pair who)
    {
        uint tag = (uint)_random.Next(1, MostTags);
        Log($"{who} withdraws {tag}");
        _model.Withdraw(who.Naive, tag);
        _bus.Withdraw(who.Real, tag);
    }

    private void Close(Pair who)
    {
        Log($"{who} closes");
        _model.Close(who.Naive);
        _bus.Close(who.Real);
        _open.Remove(who);
    }

    /// <summary>What was told to whoever watches. Nothing says whose set-aside events are let in first, so these are compared when all are in.</summary>
    private void CompareEvents()
    {
        if (_model.HasSetAside || _bus.SetAsideCount > 0)
        {
            return;
        }

        bool isOrdered = !_model.Events.Exists(e => e.Contains("set aside", StringComparison.Ordinal));
        IEnumerable<string> expected = isOrdered ? _model.Events : _model.Events.Order(StringComparer.Ordinal);
        IEnumerable<string> told = isOrdered ? _observer.Events : _observer.Events.Order(StringComparer.Ordinal);
        Compare("events", string.Join("\n    ", expected), string.Join("\n    ", told));
        _model.Events.Clear();
        _observer.Events.Clear();
    }

    /// <summary>The counts begin anew in a bus that goes on from saved books.</summary>
    private void CompareTraffic()
    {
        if (_isRestored)
        {
            return;
        }

        Compare("traffic", _model.Traffic.ToString(), NaiveTraffic.Of(_bus.Traffic).ToString());
        foreach (string name in Names)
        {
            NameTraffic? counted = _bus.Names.All.NewestFirst.FirstOrDefault(n => n.Name.AsSpan().SequenceEqual(Encoding.Latin1.GetBytes(name)));
            Compare($"traffic of {name}", _model.TrafficOf(name).ToString(), NaiveTraffic.Of(counted?.Counts ?? default).ToString());
        }
    }

    private void CompareCounts()
    {
        foreach (Pair pair in _open)
        {
            if (_takesByItself && _random.Next(3) > 0)
            {
                // Asking makes the bus look at what was taken; often it must do without.
                continue;
            }

            Compare($"answers of {pair}", _takesByItself ? 0 : pair.Naive.Answers.Count, _takesByItself ? 0 : pair.Real.Answers.Count);
            Compare($"messages of {pair}", _model.NumMessages(pair.Naive), _bus.NumMessages(pair.Real));
            Compare($"unreplied of {pair}", (uint)pair.Naive.Unreplied.Count, _bus.UnrepliedTo(pair.Real));
            Compare($"owed to {pair}", pair.Naive.Outstanding.Count, pair.Real.Outstanding);
            Compare($"missed of {pair}", pair.Naive.Missed, pair.Real.Missed);
            Compare($"last sent of {pair}", pair.Naive.LastSent, pair.Real.LastSent);
            if (!_isRestored)
            {
                pair.Naive.Traffic.Missed = pair.Naive.Missed;
                Compare($"traffic of {pair}", pair.Naive.Traffic.ToString(), NaiveTraffic.Of(pair.Real.Counted).ToString());
            }
        }
    }

    private NaiveMessage SomeMessage(Pair who)
    {
        MessageFlags flags = SomeFlags();
        bool isRequest = _random.Next(2) == 0;
        flags |= isRequest ? MessageFlags.WantAReply : 0;
        MessageId id = _random.Next(10) == 0 ? new MessageId(1, (uint)_random.Next(1, 4)) : default;
        uint to = _random.Next(4) == 0 ? (uint)_random.Next(0, 8) : 0;
        MessageId inReplyTo = _random.Next(15) == 0 && who.ToReply.Count > 0 ? who.ToReply[0].Id : default;
        return new NaiveMessage(SomeName(), SomeData(), id, inReplyTo, to, 0, flags, isRequest && _random.Next(2) == 0 ? (uint)_random.Next(1, MostTags) : 0);
    }

    private MessageFlags SomeFlags() => (_random.Next(4) == 0 ? MessageFlags.Urgent : 0)
        | (_random.Next(8) == 0 ? MessageFlags.AllOrFail : _random.Next(4) == 0 ? MessageFlags.AllOrWait : 0)
        | (_random.Next(20) == 0 ? MessageFlags.Synthetic | MessageFlags.WantYouToReply | (MessageFlags)0x10040 : 0);

    private byte[] SomeData()
    {
        byte[] data = new byte[_random.Next(5) == 0 ? _random.Next(200) : 0];
        _random.NextBytes(data);
        return data;
    }

    private string SomeName() => Names[_random.Next(Names.Length)];

    private string SomePattern() => _random.Next(20) == 0 ? BadNames[_random.Next(BadNames.Length)] : Patterns[_random.Next(Patterns.Length)];

    private void Log(string line) => _log.Add(line);

    private static void Compare<T>(string what, T expected, T got)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, got))
        {
            throw new InvalidOperationException($"  {what}: the model says {expected}, the bus says {got}.");
        }
    }

    /// <summary>One Ksock, on both.</summary>
    private sealed class Pair(KsockState real, NaiveKsock naive, SelfTakingCarrier carrier)
    {
        public KsockState Real { get; set; } = real;

        public NaiveKsock Naive { get; } = naive;

        public SelfTakingCarrier Carrier { get; } = carrier;

        public List<(MessageId Id, uint From)> ToReply { get; } = [];

        /// <summary>Notes the Requests that it read, to reply to.</summary>
        public void Remember(string taken)
        {
            string[] words = taken.Split(' ');
            if (words.Length > 4 && (Convert.ToUInt32(words[5][6..], 16) & (uint)MessageFlags.WantYouToReply) != 0)
            {
                string[] id = words[1][4..^1].Split(':');
                ToReply.Add((new MessageId(uint.Parse(id[0], null), uint.Parse(id[1], null)), uint.Parse(words[4][5..], null)));
            }
        }

        public override string ToString() => $"Ksock {Real.Id}";
    }
}

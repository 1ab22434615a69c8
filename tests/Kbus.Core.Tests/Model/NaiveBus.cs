namespace Kbus.Core.Tests;

/// <summary>The bus as the specification tells it, in the plainest code there is: lists, searched from end to end.</summary>
/// <remarks>It shares nothing with the bus but the names of flags and errors, so that a mistake has to be made twice to go unseen.</remarks>
internal sealed partial class NaiveBus(BusOptions options)
{
    private readonly List<NaiveKsock> _ksocks = [];
    private readonly List<NaiveBinding> _newestFirst = [];
    private readonly List<NaiveSetAside> _setAside = [];
    private readonly Dictionary<NaiveKsock, int> _urgentCopies = [];
    private uint _serial;
    private uint _lastKsock;
    private bool _losing;

    public bool Reports { get; private set; }

    public IReadOnlyList<NaiveKsock> Ksocks => _ksocks;

    public NaiveKsock Open(bool canWrite)
    {
        var ksock = new NaiveKsock(++_lastKsock, canWrite, options.DefaultMaxMessages);
        _ksocks.Add(ksock);
        Events.Add($"Ksock {ksock.Id} opens");
        return ksock;
    }

    public Errno Bind(NaiveKsock ksock, string name, bool isReplier)
    {
        Errno error = CheckName(name);
        if (error == Errno.None && isReplier)
        {
            error = name == "$.KBUS.ReplierBindEvent" ? Errno.EBADMSG : FindReplier(name) != 0 ? Errno.EADDRINUSE : Errno.None;
        }

        if (error == Errno.None && isReplier && Reports && !TryTell(BindEvent(1, ksock, name), null))
        {
            error = Errno.EAGAIN;
        }

        if (error == Errno.None)
        {
            _newestFirst.Insert(0, new NaiveBinding(ksock, name, isReplier));
        }

        Events.Add($"Ksock {ksock.Id} binds {name} {isReplier}: {error}");

        AdmitSetAside();
        return error;
    }

    public Errno Unbind(NaiveKsock ksock, string name, bool isReplier)
    {
        Errno error = CheckName(name);
        NaiveBinding? binding = _newestFirst.Find(b => b.Ksock == ksock && b.Name == name && b.IsReplier == isReplier);
        if (error == Errno.None && binding is null)
        {
            error = Errno.EINVAL;
        }

        if (error == Errno.None && isReplier && Reports && !TryTell(BindEvent(0, ksock, name), null))
        {
            error = Errno.EAGAIN;
        }

        Events.Add($"Ksock {ksock.Id} unbinds {name} {isReplier}: {error}");
        if (error == Errno.None)
        {
            _newestFirst.Remove(binding!);
            List<NaiveEntry> taken = ksock.Queue.FindAll(e => e.Because == binding);
            ksock.Queue.RemoveAll(e => e.Because == binding);
            foreach (NaiveEntry entry in taken.Where(e => e.Debt is { IsOwed: true }))
            {
                Answer(entry.Debt!, "$.KBUS.Replier.Unbound");
            }

            RemoveSetAside(e => e.Binding == binding);
        }

        AdmitSetAside();
        return error;
    }

    public uint FindReplier(string name) => _newestFirst.Find(b => b.IsReplier && b.Name == name)?.Ksock.Id ?? 0;

    public NaiveMessage? Take(NaiveKsock ksock)
    {
        if (ksock.Queue.Count == 0)
        {
            return null;
        }

        NaiveEntry entry = ksock.Queue[0];
        ksock.Queue.RemoveAt(0);
        if (entry.Debt is { } debt && !(debt.IsAnswered && debt.Sender.IsOpen))
        {
            ksock.Unreplied.Add(debt);
        }

        AdmitSetAside();
        return entry.Delivered;
    }

    /// <summary>Takes an answer that is awaited. Their order does not matter, and this is the order of the bus.</summary>
    public NaiveMessage? TakeAnswer(NaiveKsock ksock)
    {
        NaiveEntry? answer = ksock.Answers.FirstOrDefault();
        ksock.Answers.Remove(answer!);
        AdmitSetAside();
        return answer?.Message;
    }

    /// <summary>The answer under this tag becomes an ordinary message: it stands where it would, had it never been awaited.</summary>
    public void Withdraw(NaiveKsock ksock, uint tag)
    {
        if (ksock.Waiting?.Tag == tag)
        {
            ksock.Waiting = ksock.Waiting with { Tag = 0 };
        }
        else if (ksock.Outstanding.FindLast(d => d.Tag == tag) is { } debt)
        {
            debt.Tag = 0;
        }
        else if (ksock.Answers.Find(e => e.Tag == tag) is { } answer)
        {
            ksock.Answers.Remove(answer);
            ksock.Queue.Insert(ksock.Queue.FindLastIndex(e => e.Order < answer.Order) + 1, answer with { Tag = 0 });
        }

        AdmitSetAside();
    }

    public uint MaxMessages(NaiveKsock ksock, uint request)
    {
        ksock.MaxMessages = request == 0 ? ksock.MaxMessages : request;
        AdmitSetAside();
        return ksock.MaxMessages;
    }

    public uint NumMessages(NaiveKsock ksock) => (uint)(ksock.Queue.Count + _setAside.Count(e => e.Binding.Ksock == ksock));

    public Errno ReportBinds(NaiveKsock ksock, bool report)
    {
        Reports = report;
        if (report)
        {
            foreach (NaiveBinding binding in _newestFirst.Where(b => b.IsReplier))
            {
                NaiveMessage message = BindEvent(1, binding.Ksock, binding.Name);
                if (IsFull(ksock, message.Length, 0))
                {
                    return Errno.EBUSY;
                }

                Push(ksock, new NaiveEntry(message));
                Tell(null, message, Errno.None);
            }
        }

        return Errno.None;
    }

    public void Close(NaiveKsock ksock)
    {
        Events.Add($"Ksock {ksock.Id} closes");
        ksock.Waiting = null;
        ksock.HoldsSlot = false;
        ksock.Outstanding.Clear();
        ksock.IsOpen = false;
        ksock.Answers.Clear();
        while (ksock.Queue.Count > 0)
        {
            NaiveEntry entry = ksock.Queue[0];
            ksock.Queue.RemoveAt(0);
            if (entry.Debt is { IsOwed: true })
            {
                Answer(entry.Debt, "$.KBUS.Replier.GoneAway");
            }
        }

        foreach (NaiveBinding binding in _newestFirst.Where(b => b.Ksock == ksock).ToList())
        {
            if (binding.IsReplier && Reports)
            {
                NaiveMessage message = BindEvent(0, ksock, binding.Name);
                if (!TryTell(message, ksock))
                {
                    SetAside(message);
                }
            }

            _newestFirst.Remove(binding);
        }

        RemoveSetAside(e => e.Binding.Ksock == ksock);
        for (int i = ksock.Unreplied.Count - 1; i >= 0; i--)
        {
            if (ksock.Unreplied[i].IsOwed)
            {
                Answer(ksock.Unreplied[i], "$.KBUS.Replier.Ignored", leaveUnreplied: true);
            }
        }

        _ksocks.Remove(ksock);
        AdmitSetAside();
    }

    private bool IsFull(NaiveKsock ksock, int bytes, int ownSlots)
    {
        int slots = ksock.Outstanding.Count + (ksock.HoldsSlot ? 1 : 0) - ownSlots;
        int waiting = ksock.All.Sum(e => e.Message.Length);
        return ksock.All.Count() + slots >= ksock.MaxMessages || (waiting > 0 && waiting + bytes > options.MaxQueuedBytes);
    }

    private MessageId NextId() => new(0, ++_serial);

    private void Push(NaiveKsock ksock, NaiveEntry entry)
    {
        Count(ksock, entry);
        ksock.Queue.Add(entry with { Order = ++ksock.Copies });
        ksock.LastPushed = entry.Message.Id;
    }

    private void PushAnswer(NaiveKsock ksock, NaiveEntry entry)
    {
        if (entry.Tag == 0)
        {
            Push(ksock, entry);
            return;
        }

        Count(ksock, entry);
        ksock.Answers.Add(entry with { Order = ++ksock.Copies });
        ksock.LastPushed = entry.Message.Id;
    }

    private static Errno CheckName(string name) =>
        name.Length == 0 ? Errno.EBADMSG : name.Length > 1000 ? Errno.ENAMETOOLONG : IsLegal(name, wildcardAllowed: true) ? Errno.None : Errno.EBADMSG;

    /// <summary>The grammar, word by word.</summary>
    public static bool IsLegal(string name, bool wildcardAllowed)
    {
        string[] words = name.Split('.');
        if (words.Length < 2 || words[0] != "$")
        {
            return false;
        }

        for (int i = 1; i < words.Length; i++)
        {
            bool isWildcard = words[i] is "*" or "%";
            bool isWord = words[i].Length > 0 && words[i].All(c => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9');
            if (!isWord && !(isWildcard && wildcardAllowed && i == words.Length - 1))
            {
                return false;
            }
        }

        return true;
    }
}

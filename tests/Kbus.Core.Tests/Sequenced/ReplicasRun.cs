using System.Globalization;
using System.Text;

namespace Kbus.Core.Tests;

/// <summary>Some nodes with a replica of one bus each, whose members act at random, over a log with faults. Nodes die and come again.</summary>
/// <remarks>
/// Checked: after the same entry all replicas are equal (the digest of each index); common messages come to all listeners in the same order
/// (P1); each Request that was accepted is answered once (P2), as long as its sender lives.
/// </remarks>
internal sealed class ReplicasRun
{
    private const uint NodeCount = 3;
    private static readonly string[] Names = ["$.A", "$.B", "$.A.B"];
    private static readonly string[] Patterns = ["$.A", "$.B", "$.A.B", "$.*", "$.A.*", "$.A.%"];

    private readonly Random _random;
    private readonly FaultyLog _log;
    private readonly BusOptions _options;
    private readonly ReplicaNode[] _nodes = new ReplicaNode[NodeCount];
    private readonly List<MemberOfReplica> _members = [];
    private readonly Dictionary<ulong, UInt128> _digests = [];
    private readonly List<string> _story = [];

    /// <summary>Prepares a run.</summary>
    public ReplicasRun(int seed)
    {
        _random = new Random(seed);
        _log = new FaultyLog(_random);
        _options = new BusOptions
        {
            DefaultMaxMessages = (uint)_random.Next(2, 12),
            MaxSetAsideEvents = (uint)_random.Next(0, 5),
            ClearedAtOnce = _random.Next(3) == 0 ? 0 : 64,
        };
        _log.Append(Replica.Birth(Guid.NewGuid(), _options));
        _log.Append(Replica.Birth(Guid.NewGuid(), _options with { DefaultMaxMessages = 99 }));
        while (_log.Count == 0)
        {
            _log.Append(Replica.Birth(Guid.NewGuid(), _options));
        }

        for (uint i = 0; i < NodeCount; i++)
        {
            Start(i);
        }
    }

    /// <summary>Lives that ended before the run did.</summary>
    public int Deaths { get; private set; }

    /// <summary>Requests that were accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Entries of the log that counted for nothing.</summary>
    public ulong Dropped => _nodes.Max(n => n.Replica.Dropped);

    /// <summary>The entries of the log.</summary>
    public IEnumerable<byte[]> Entries => Enumerable.Range(0, (int)_log.Count).Select(i => _log[(ulong)i]);

    /// <summary>The digest of every replica after an entry.</summary>
    public UInt128 DigestAfter(ulong index) => _digests[index];

    /// <summary>Plays some steps, lets everything come to rest, and checks.</summary>
    public void Play(int steps)
    {
        try
        {
            for (int i = 0; i < steps; i++)
            {
                Step();
            }

            ComeToRest();
            CheckAnswers();
            CheckOrder();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(string.Join('\n', [failure.Message, .. _story.TakeLast(40)]), failure);
        }
    }

    private void Step()
    {
        uint place = (uint)_random.Next((int)NodeCount);
        ReplicaNode node = _nodes[place];
        switch (_random.Next(40))
        {
            case < 12:
                Act(node);
                break;
            case < 20:
                if (node.NextEntry(isSignOfLife: _random.Next(10) == 0) is { } entry)
                {
                    _log.Append(entry);
                }

                break;
            case < 34:
                Follow(node);
                break;
            case < 37:
                _log.Deliver();
                break;
            case 37 when _random.Next(12) == 0:
                Tell($"node {node.Node} is killed");
                Start(place);
                break;
            case 38 when _random.Next(12) == 0:
                HoldToBeGone(node, _nodes[_random.Next((int)NodeCount)]);
                break;
            default:
                break;
        }

        if (node.IsFenced)
        {
            Tell($"node {node.Node} finds that it is held to be gone");
            Start(place);
        }
    }

    /// <summary>A node begins a new life: from the beginning of the log, or from the snapshot of another.</summary>
    private void Start(uint place)
    {
        if (_nodes[place] is { } former)
        {
            Deaths++;
            foreach (MemberOfReplica member in _members.Where(m => m.Node == former))
            {
                member.IsAlive = false;
            }
        }

        uint number = place + 1;
        Carrier CarrierOf(KsockOwner owner) => owner.Node == number && _opening.TryDequeue(out MemberCarrier? own) ? new ReportedCarrier(own, static () => { }) : new StubCarrier(owner);
        var node = new ReplicaNode(number, (ulong)_random.NextInt64(), _options with { HashSeed = (ulong)_random.NextInt64() }, CarrierOf);
        ReplicaNode? other = _nodes.FirstOrDefault(n => n is not null && n != _nodes[place] && n.Replica.Applied > 0);
        if (other is not null && _random.Next(2) == 0)
        {
            // Of its own former life it finds Ksocks, too: they have nobody here any more.
            node.Replica.Load(other.Replica.Save());
        }

        _nodes[place] = node;
        Tell($"node {number} begins a life at entry {node.Replica.Applied}");
    }

    private readonly Queue<MemberCarrier> _opening = new();
    private uint _lastTag;

    private void Follow(ReplicaNode node)
    {
        for (int left = _random.Next(1, 6); left > 0 && node.Replica.Applied < _log.Count; left--)
        {
            ApplyNext(node);
        }
    }

    private void ApplyNext(ReplicaNode node)
    {
        _opening.Clear();
        foreach (MemberOfReplica member in _members.Where(m => m.Node == node && m.IsOpening))
        {
            _opening.Enqueue(member.Carrier);
        }

        node.Apply(_log[node.Replica.Applied]);
        ulong index = node.Replica.Applied;
        UInt128 digest = node.Replica.Digest();
        if (!_digests.TryAdd(index, digest) && _digests[index] != digest)
        {
            throw new InvalidOperationException($"after entry {index} node {node.Node} has other books than another had");
        }
    }

    /// <summary>Says that a node is gone, as far as another node knows it. It may be alive, and say something at the same time.</summary>
    private void HoldToBeGone(ReplicaNode observer, ReplicaNode other)
    {
        if (observer.Replica.Applied == 0 || !observer.Replica.IsAlive(other.Node, other.Incarnation, out ulong sequence))
        {
            return;
        }

        Tell($"node {observer.Node} holds node {other.Node} to be gone after its entry {sequence}");
        var writer = new BooksWriter();
        new LogEntry(EntryKind.Gone, observer.Replica.Genesis, other.Node, other.Incarnation, sequence, observer.Replica.Applied).Write(writer);
        _log.Append(writer.Written.ToArray());
    }

    private void Act(ReplicaNode node)
    {
        if (!node.IsJoined)
        {
            return;
        }

        List<MemberOfReplica> own = _members.FindAll(m => m.Node == node && m.IsAlive && m.Id != 0);
        if (own.Count == 0 || (own.Count < 4 && _random.Next(6) == 0))
        {
            Open(node);
            return;
        }

        MemberOfReplica member = own[_random.Next(own.Count)];
        switch (_random.Next(20))
        {
            case < 4:
                Propose(member, OperationKind.Bind, Encoding.ASCII.GetBytes(Patterns[_random.Next(Patterns.Length)]), (byte)_random.Next(2));
                break;
            case 4:
                Propose(member, OperationKind.Unbind, Encoding.ASCII.GetBytes(Patterns[_random.Next(Patterns.Length)]), (byte)_random.Next(2));
                break;
            case < 10:
                Send(member);
                break;
            case < 16:
                Take(member);
                break;
            case 16:
                Reply(member);
                break;
            case 17:
                Propose(member, OperationKind.Poll);
                break;
            case 19:
                Withdraw(member);
                break;
            case 18 when _random.Next(5) == 0:
                member.IsAlive = false;
                Propose(member, OperationKind.Close);
                break;
            default:
                Report(member);
                break;
        }
    }

    private void Open(ReplicaNode node)
    {
        var owner = new KsockOwner(7, (uint)_random.Next(2), KsockMode.ReadWrite, (ulong)_random.Next(3), node.Node);
        var member = new MemberOfReplica(node, new MemberCarrier(owner)) { IsOpening = true };
        _members.Add(member);
        node.Propose(
            new BusOperation { Kind = OperationKind.Open, Flags = BusOperation.CanWrite, Bytes = BusOperation.BytesOf(owner) },
            result =>
            {
                member.IsOpening = false;
                member.Id = result.Value;
            });
    }

    private void Send(MemberOfReplica member)
    {
        bool isRequest = _random.Next(2) == 0;
        MessageFlags flags = (isRequest ? MessageFlags.WantAReply : 0)
            | (_random.Next(5) == 0 ? MessageFlags.Urgent : 0)
            | (_random.Next(6) == 0 ? MessageFlags.AllOrFail : _random.Next(6) == 0 ? MessageFlags.AllOrWait : 0);
        uint tag = isRequest && _random.Next(2) == 0 ? ++_lastTag : 0;
        SendAs(member, new MessageHeader { Flags = flags }, Names[_random.Next(Names.Length)], tag: tag);
        if (tag != 0)
        {
            member.Tags.Add(tag);
        }
    }

    /// <summary>A member awaits an answer no more. It may have it already, or take it before the log says so.</summary>
    private void Withdraw(MemberOfReplica member)
    {
        if (member.Tags.Count > 0)
        {
            int which = _random.Next(member.Tags.Count);
            Propose(member, OperationKind.Withdraw, value: member.Tags[which]);
            member.Tags.RemoveAt(which);
        }
    }

    private void Reply(MemberOfReplica member)
    {
        if (member.ToReply.TryDequeue(out MessageHeader request))
        {
            SendAs(member, new MessageHeader { InReplyTo = request.Id, To = request.From }, "$.Answer", refused: () => member.ToReply.Enqueue(request));
        }
    }

    private void SendAs(MemberOfReplica member, MessageHeader header, string name, Action? refused = null, uint tag = 0)
    {
        StoredMessage message = new MessagePool().Compose(header, Encoding.ASCII.GetBytes(name), default);
        byte[] bytes = new byte[message.EntireLength];
        message.CopyEntire(0, bytes, header.Flags);
        bool isRequest = (header.Flags & MessageFlags.WantAReply) != 0;
        Propose(member, OperationKind.Send, bytes, value: tag, done: result =>
        {
            // One that waits is owed an answer, too: it is sent, or its sender gets a Status.
            if (isRequest && result.Error == Errno.None)
            {
                member.Requests.Add(result.Id);
                Accepted++;
            }
            else if (result.Error is Errno.EALREADY or Errno.EBUSY)
            {
                refused?.Invoke();
            }
        });
    }

    private void Take(MemberOfReplica member)
    {
        if (_random.Next(2) == 0)
        {
            _ = member.Carrier.TryTakeAnswerItself(out _);
        }

        for (int left = _random.Next(1, 4); left > 0 && member.Carrier.TryTake(out MessageHeader header); left--)
        {
            if ((header.Flags & MessageFlags.WantYouToReply) != 0)
            {
                member.ToReply.Enqueue(header);
            }
        }
    }

    /// <summary>The books hear what a member has taken.</summary>
    private static void Report(MemberOfReplica member)
    {
        if (member.Carrier.HasUnreported)
        {
            byte[] takes = BusOperation.BytesOf(member.Carrier.ObserveTaken());
            member.Node.Propose(new BusOperation { Kind = OperationKind.Taken, Ksock = member.Id, Bytes = takes }, static _ => { });
        }
    }

    private static void Propose(
        MemberOfReplica member, OperationKind kind, byte[]? bytes = null, byte flags = 0, uint value = 0, Action<OperationResult>? done = null)
    {
        // Takes come before any operation of that Ksock.
        Report(member);
        member.Node.Propose(new BusOperation { Kind = kind, Flags = flags, Ksock = member.Id, Value = value, Bytes = bytes }, done ?? (static _ => { }));
    }

    private void ComeToRest()
    {
        _log.IsFaulty = false;
        int quiet = 0;
        for (int round = 0; round < 1000 && quiet < 10; round++)
        {
            quiet++;
            foreach (ReplicaNode node in _nodes)
            {
                _log.Deliver();
                if (node.NextEntry() is { } entry)
                {
                    quiet = 0;
                    _log.Append(entry);
                }

                while (node.Replica.Applied < _log.Count)
                {
                    ApplyNext(node);
                }
            }

            for (uint place = 0; place < NodeCount; place++)
            {
                if (_nodes[place].IsFenced)
                {
                    Start(place);
                }
            }

            foreach (MemberOfReplica member in _members.Where(m => m.IsAlive && m.Id != 0))
            {
                while (member.Carrier.TryTakeAnswerItself(out _))
                {
                }

                while (member.Carrier.TryTake(out MessageHeader header))
                {
                    if ((header.Flags & MessageFlags.WantYouToReply) != 0)
                    {
                        member.ToReply.Enqueue(header);
                    }
                }

                if (member.ToReply.Count > 0)
                {
                    // Who waits to send something else cannot answer.
                    Propose(member, OperationKind.Discard);
                    Reply(member);
                }

                Report(member);
            }
        }

        if (quiet < 10)
        {
            string busy = string.Join(", ", _members.Where(m => m.IsAlive && m.ToReply.Count > 0).Select(m => $"Ksock {m.Id} has {m.ToReply.Count} to reply to"));
            throw new InvalidOperationException($"it does not come to rest: {busy}");
        }
    }

    private void CheckAnswers()
    {
        foreach (MemberOfReplica member in _members.Where(m => m.IsAlive))
        {
            foreach (MessageId request in member.Requests)
            {
                // Who listens to the name of the answer gets a copy of it, too.
                int answers = member.Carrier.Taken.Where(h => h.InReplyTo == request && h.To == member.Id).Select(h => h.Id).Distinct().Count();
                if (answers != 1)
                {
                    throw new InvalidOperationException($"Ksock {member.Id}: Request {request} was answered {answers} times");
                }
            }
        }
    }

    private void CheckOrder()
    {
        List<List<MessageId>> all = [.. _members.Select(m => m.Carrier.Taken
            .Where(h => (h.Flags & MessageFlags.Urgent) == 0 && h.InReplyTo == default && (h.Flags & MessageFlags.Synthetic) == 0)
            .Select(h => h.Id).Distinct().ToList())];
        for (int i = 0; i < all.Count; i++)
        {
            for (int j = i + 1; j < all.Count; j++)
            {
                Assert.Equal(all[i].FindAll(all[j].Contains), all[j].FindAll(all[i].Contains));
            }
        }
    }

    private void Tell(string line) => _story.Add(string.Create(CultureInfo.InvariantCulture, $"  entry {_log.Count}: {line}"));

    /// <summary>One Ksock, on the node where its process is.</summary>
    private sealed class MemberOfReplica(ReplicaNode node, MemberCarrier carrier)
    {
        public ReplicaNode Node { get; } = node;

        public MemberCarrier Carrier { get; } = carrier;

        public uint Id { get; set; }

        public bool IsOpening { get; set; }

        public bool IsAlive { get; set; } = true;

        public List<MessageId> Requests { get; } = [];

        public List<uint> Tags { get; } = [];

        public Queue<MessageHeader> ToReply { get; } = new();
    }
}

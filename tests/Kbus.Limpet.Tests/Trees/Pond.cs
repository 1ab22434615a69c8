using System.Globalization;

namespace Kbus.Limpets.Tests;

/// <summary>Buses joined as a tree, and fish that do what they like on them.</summary>
internal sealed class Pond : IDisposable
{
    private static readonly string[] Names = ["$.A", "$.A.B", "$.A.C", "$.B"];
    private static readonly string[] Patterns = ["$.A", "$.A.B", "$.A.*", "$.A.%", "$.*", "$.B"];
    private readonly Bowls _bowls;
    private readonly Random _random;
    private readonly int _buses;
    private readonly List<Fish> _fish = [];
    private readonly List<Ksock> _watchers = [];
    private int _number;

    public Pond(string shape, int buses, Random random)
    {
        _random = random;
        _buses = buses;
        _bowls = new Bowls(buses);
        for (uint bus = 1; bus < buses; bus++)
        {
            uint parent = shape switch
            {
                "chain" => bus - 1,
                "star" => 0,
                _ => (uint)random.Next((int)bus),
            };
            _bowls.Join(parent, (2 * bus) + 1, bus, (2 * bus) + 2);
        }

        for (uint bus = 0; bus < buses; bus++)
        {
            Ksock watcher = _bowls.Open(bus);
            watcher.SetMaxMessages(1_000_000);
            watcher.Bind("$.A.*");
            watcher.Bind("$.B");
            watcher.Bind("$.A");
            _watchers.Add(watcher);
        }
    }

    /// <summary>Has fish do things at random.</summary>
    public void Play(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            if (_fish.Count < 3 * _buses && _random.Next(8) == 0)
            {
                Ksock ksock = _bowls.Open((uint)_random.Next(_buses));
                ksock.SetMaxMessages(10_000);
                _fish.Add(new Fish(ksock));
            }

            if (_fish.Count > 0)
            {
                Act(_fish[_random.Next(_fish.Count)]);
            }
        }
    }

    /// <summary>Lets all that was begun come to its end, and looks whether it did.</summary>
    public void Finish()
    {
        // Who replies goes, and then every Request must have an answer.
        foreach (Fish fish in _fish)
        {
            fish.AnswerAll();
        }

        foreach (Fish fish in _fish)
        {
            while (fish.Awaited > 0)
            {
                _fish.ForEach(f => f.AnswerAll());
                fish.Read(TimeSpan.FromMilliseconds(1));
                fish.ThrowIfLate();
            }
        }

        // A last announcement from each bus, by each watcher, pushes all before it out.
        foreach (Ksock watcher in _watchers)
        {
            watcher.Send(new Announcement("$.B", "last"));
        }

        for (int bus = 0; bus < _buses; bus++)
        {
            Check(_watchers[bus], bus);
        }

        foreach (Fish fish in _fish)
        {
            fish.AnswerAll();
            fish.CheckNothingIsLeft();
        }
    }

    public void Dispose() => _bowls.Dispose();

    private void Act(Fish fish)
    {
        string name = Names[_random.Next(Names.Length)];
        switch (_random.Next(30))
        {
            case < 8: fish.Announce(name, ++_number); break;
            case < 15: fish.Ask(name, ++_number); break;
            case < 18: fish.AskAgain(++_number); break;
            case < 21: fish.Bind(Patterns[_random.Next(Patterns.Length)]); break;
            case < 22: fish.Unbind(); break;
            case < 23 when _random.Next(4) == 0:
                fish.Close();
                _fish.Remove(fish);
                break;
            default:
                fish.AnswerAll();
                break;
        }
    }

    /// <summary>A watcher has heard each message once, and those of one sender in their order.</summary>
    private void Check(Ksock watcher, int bus)
    {
        var heard = new HashSet<(OrigFrom, string, MessageId)>();
        var order = new Dictionary<OrigFrom, int>();
        int last = 0;
        while (last < _buses)
        {
            Message message = Bowls.Next(watcher);
            Assert.True(heard.Add((message.OrigFrom, message.Name, message.Id)), $"bus {bus} heard twice: {message}");
            if (message.DataAsText == "last")
            {
                last++;
            }
            else if (!message.IsReply)
            {
                // Fish of one bus and number have one order; a Limpet of that bus stamps the number that tells them apart.
                OrigFrom sender = message.OrigFrom.NetworkId == 0 ? new OrigFrom(0, message.From) : message.OrigFrom;
                int number = int.Parse(message.DataAsText, CultureInfo.InvariantCulture);
                Assert.True(number > order.GetValueOrDefault(sender), $"bus {bus} heard out of order: {message}");
                order[sender] = number;
            }
        }

        Assert.Equal(0u, watcher.NumMessages);
    }

    /// <summary>One fish: what it replies to, and what it has asked.</summary>
    private sealed class Fish(Ksock ksock)
    {
        private readonly HashSet<MessageId> _asked = [];
        private readonly List<string> _bound = [];
        private readonly List<Message> _requests = [];
        private Message? _earlier;
        private long _lateAt = long.MaxValue;

        public int Awaited => _asked.Count;

        public void Announce(string name, int number) => ksock.Send(new Announcement(name, $"{number}"));

        public void Ask(string name, int number) => Send(new Request(name, $"{number}"));

        public void AskAgain(int number)
        {
            if (_earlier is { } earlier)
            {
                Send(Message.StatefulRequest(earlier, earlier.Name, $"{number}"));
            }
        }

        public void Bind(string name)
        {
            if (ksock.Bare.Bind(System.Text.Encoding.ASCII.GetBytes(name), replier: true) == Errno.None)
            {
                _bound.Add(name);
            }
        }

        public void Unbind()
        {
            if (_bound.Count > 0)
            {
                ksock.Unbind(_bound[0], replier: true);
                _bound.RemoveAt(0);
            }
        }

        public void Close()
        {
            ksock.Dispose();
        }

        /// <summary>Reads what has come, and answers what is asked.</summary>
        public void AnswerAll()
        {
            while (ksock.ReadNextMessage() is { } message)
            {
                Note(message);
            }

            foreach (Message request in _requests)
            {
                try
                {
                    ksock.Send(Message.ReplyTo(request, request.Data));
                }
                catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
                {
                    // Who asked has closed.
                }
            }

            _requests.Clear();
        }

        public void Read(TimeSpan limit)
        {
            if (ksock.WaitForMessage(limit) is { } message)
            {
                Note(message);
            }
        }

        public void ThrowIfLate()
        {
            _lateAt = _lateAt == long.MaxValue ? Environment.TickCount64 + 20_000 : _lateAt;
            Assert.True(Environment.TickCount64 < _lateAt, $"{ksock} never had an answer to {string.Join(", ", _asked)}");
        }

        public void CheckNothingIsLeft() => Assert.Equal(0u, ksock.NumMessages);

        private void Send(Request request)
        {
            try
            {
                _asked.Add(ksock.Send(request));
            }
            catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL or Errno.EPIPE)
            {
                // Nobody replies, or it is another now.
            }
        }

        private void Note(Message message)
        {
            if (message.WantsUsToReply)
            {
                _requests.Add(message);
                return;
            }

            Assert.True(message.IsReply, $"not meant for {ksock}: {message}");
            Assert.True(_asked.Remove(message.InReplyTo), $"an answer too many for {ksock}: {message}");
            _earlier = message.Kind == MessageKind.Reply && !message.Name.StartsWith("$.KBUS", StringComparison.Ordinal) ? message : _earlier;
        }
    }
}

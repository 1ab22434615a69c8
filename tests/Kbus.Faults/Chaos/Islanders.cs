using System.Globalization;
using System.Text;

namespace Kbus.Faults;

/// <summary>The members of one bus who talk with those of all others: one asks, one replies, one announces, one listens.</summary>
/// <remarks>
/// What must always hold is checked as it comes: each Request has one answer, with its own data, and announcements of one sender come in their
/// order, none twice. In a ring, messages may come twice until the ring has been noticed; then only those of calm times are held to that.
/// </remarks>
internal sealed class Islanders : IDisposable
{
    private const int LongestData = 4000;
    private readonly Random _random;
    private readonly bool _isRing;
    private readonly Ksock _asker;
    private readonly Ksock _announcer;
    private readonly Ksock _listener;
    private readonly Requesting _requesting;
    private readonly MessageBuffer _buffer = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _replying;
    private readonly ulong[] _last;
    private readonly ulong[] _calmFrom;
    private readonly ulong[] _heardInCalm;
    private readonly byte[] _data = new byte[LongestData];

    public Islanders(string directory, uint bus, int buses, bool isRing, Random random)
    {
        (Bus, _isRing, _random) = (bus, isRing, random);
        (_last, _calmFrom, _heardInCalm) = (new ulong[buses], new ulong[buses], new ulong[buses]);
        Ksock Open() => Ksock.Open(bus, KsockMode.ReadWrite, ActorProgram.Options(directory));
        (_asker, _announcer, _listener) = (Open(), Open(), Open());
        _asker.SetMaxMessages(500);
        _listener.SetMaxMessages(200_000);
        _listener.Bind("$.Tell.*");
        Ksock replier = Open();
        replier.SetMaxMessages(5000);
        replier.Bind(AskOf(bus), replier: true);
        _replying = Limited.InBackground(() => Reply(replier));
        _requesting = new Requesting(_asker);
    }

    public uint Bus { get; }

    /// <summary>The number of its last announcement.</summary>
    public ulong Announced { get; private set; }

    /// <summary>How many announcements came twice, or later than one that was sent after them, while a ring had not been noticed.</summary>
    public int Doubles { get; private set; }

    /// <summary>How many announcements were heard.</summary>
    public long Heard { get; private set; }

    /// <summary>What was wrong in a calm time of a ring; null if nothing was.</summary>
    public string? Wrong { get; private set; }

    public Requesting Requests => _requesting;

    public static string AskOf(uint bus) => string.Create(CultureInfo.InvariantCulture, $"$.Ask.{bus}");

    public void Announce()
    {
        Span<byte> data = _data.AsSpan(0, _random.Next(Content.Least, LongestData));
        Content.Fill(data, ++Announced);
        _announcer.Send(Encoding.ASCII.GetBytes($"$.Tell.{Bus}"), data);
    }

    /// <summary>Asks somebody of another bus, if anybody is known there.</summary>
    public void Ask(uint other)
    {
        Span<byte> data = _data.AsSpan(0, _random.Next(Content.Least, LongestData));
        Content.Fill(data, (ulong)_random.NextInt64());
        _ = _requesting.Send(AskOf(other), data);
    }

    /// <summary>Whether a Request to a bus would find its replier.</summary>
    public bool Reaches(uint other) => _asker.FindReplierFor(AskOf(other)) is not null;

    /// <summary>Reads what has come.</summary>
    public void Read()
    {
        _requesting.ReadAll();
        while (_listener.TryReadNext(_buffer))
        {
            Hear();
        }
    }

    /// <summary>From now on each announcement must come once, in its order, and all of them.</summary>
    public void BeginCalm(IReadOnlyList<Islanders> all)
    {
        Wrong = null;
        for (int i = 0; i < all.Count; i++)
        {
            _calmFrom[i] = all[i].Announced + 1;
            _heardInCalm[i] = 0;
        }
    }

    /// <summary>Whether all announcements of the calm time have come.</summary>
    public bool HasHeardAll(IReadOnlyList<Islanders> all) => all.All(o => _heardInCalm[o.Bus] == o.Announced + 1 - _calmFrom[o.Bus]);

    public override string ToString() => $"bus {Bus}: {Heard} heard, {Doubles} twice or late; {_requesting}";

    public void Dispose()
    {
        _end.Cancel();
        _replying.GetAwaiter().GetResult();
        _buffer.Dispose();
        _requesting.Dispose();
        _announcer.Dispose();
        _listener.Dispose();
        _end.Dispose();
    }

    private void Hear()
    {
        uint sender = uint.Parse(Encoding.ASCII.GetString(_buffer.Name)["$.Tell.".Length..], CultureInfo.InvariantCulture);
        Assert.True(Content.IsWhole(_buffer.Data), $"bus {Bus} heard spoiled data of bus {sender}");
        ulong number = BitConverter.ToUInt64(_buffer.Data);
        Heard++;
        bool isCalm = number >= _calmFrom[sender];
        if (number <= _last[sender])
        {
            Doubles++;
            string wrong = $"bus {Bus} heard {number} of bus {sender} after {_last[sender]}";
            Assert.True(_isRing, wrong);
            Wrong ??= isCalm ? wrong : null;
            return;
        }

        _last[sender] = number;
        if (isCalm)
        {
            _heardInCalm[sender]++;
        }
    }

    private void Reply(Ksock replier)
    {
        using (replier)
        {
            using var buffer = new MessageBuffer();
            while (!_end.IsCancellationRequested)
            {
                if (!replier.WaitForMessage(buffer, TimeSpan.FromMilliseconds(200)) || !buffer.WantsUsToReply)
                {
                    continue;
                }

                try
                {
                    replier.Reply(buffer, buffer.Data);
                }
                catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
                {
                    // The Limpet that asked for somebody beyond is gone.
                }
            }
        }
    }
}

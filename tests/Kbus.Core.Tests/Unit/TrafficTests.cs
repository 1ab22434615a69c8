using System.Globalization;
using System.Text;

namespace Kbus.Core.Tests;

/// <summary>What a bus counts, beyond what the model shows.</summary>
public sealed class TrafficTests
{
    private readonly Bus _bus = new(new BusOptions { DefaultMaxMessages = 10_000 });
    private readonly KsockState _sender;

    public TrafficTests() => _sender = _bus.Open(canWrite: true, new QuietCarrier());

    [Fact]
    public void A_flood_of_names_displaces_none_that_is_used_often()
    {
        for (int i = 0; i < 50_000; i++)
        {
            Send(string.Create(CultureInfo.InvariantCulture, $"$.Once.N{i}"));
            if (i % 10 == 0)
            {
                Send($"$.Often.N{i / 10 % 20}");
            }
        }

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(250ul, Counted($"$.Often.N{i}")!.Counts.Sent);
        }

        Assert.InRange(_bus.Names.All.Count, CountedNames.Kept, 2 * CountedNames.Kept);
    }

    [Fact]
    public void Counts_of_all_names_together_are_those_of_the_bus()
    {
        KsockState listener = _bus.Open(canWrite: true, new QuietCarrier());
        Assert.Equal(Errno.None, _bus.Bind(listener, "$.Once.*"u8, isReplier: false));
        for (int i = 0; i < 5000; i++)
        {
            Send(string.Create(CultureInfo.InvariantCulture, $"$.Once.N{i}"));
            Send(i % 2 == 0 ? "$.Nobody.There" : "no name", MessageFlags.WantAReply);
        }

        TrafficCounts total = _bus.Names.Others.Counts;
        foreach (NameTraffic name in _bus.Names.All.NewestFirst)
        {
            total.Add(name.Counts);
        }

        Assert.Equal(NaiveTraffic.Of(_bus.Traffic).ToString(), NaiveTraffic.Of(total).ToString());
        Assert.Equal(5000ul, total.Sent);
        Assert.Equal(2500ul, total.Refused[RefusalCounts.Errors.IndexOf(Errno.EADDRNOTAVAIL)]);
        Assert.Equal(2500ul, total.Refused[RefusalCounts.Errors.IndexOf(Errno.EBADMSG)]);
    }

    [Fact]
    public void Names_that_somebody_is_bound_to_are_kept_however_quiet_they_are()
    {
        KsockState listener = _bus.Open(canWrite: true, new QuietCarrier());
        Send("$.Bound.Later");
        for (int i = 0; i < 3000; i++)
        {
            Assert.Equal(Errno.None, _bus.Bind(listener, Encoding.ASCII.GetBytes($"$.Bound.N{i}"), isReplier: false));
            Send($"$.Bound.N{i}");
        }

        Assert.Equal(Errno.None, _bus.Bind(listener, "$.Bound.Later"u8, isReplier: false));
        for (int i = 0; i < 10_000; i++)
        {
            Send($"$.Other.N{i}");
            Send($"$.Other.N{i}");
        }

        Assert.Equal(1ul, Counted("$.Bound.Later")!.Counts.Sent);
        for (int i = 0; i < 3000; i++)
        {
            Assert.Equal(1ul, Counted($"$.Bound.N{i}")!.Counts.Delivered);
        }

        // What nobody is bound to any more is a name like any other.
        _bus.Close(listener);
        _bus.Continue(ulong.MaxValue / 2);
        Assert.InRange(_bus.Names.All.Count, CountedNames.Kept, 2 * CountedNames.Kept);
    }

    [Fact]
    public void Equal_sends_count_alike_whatever_the_hashing()
    {
        var other = new Bus(new BusOptions { DefaultMaxMessages = 10_000, HashSeed = 12345 });
        KsockState sender = other.Open(canWrite: true, new QuietCarrier());
        var random = new Random(5);
        for (int i = 0; i < 10_000; i++)
        {
            string name = $"$.N{random.Next(4000)}";
            Send(name);
            Assert.Equal(Errno.None, other.Send(sender, Composed(other, name, default), out _));
        }

        Assert.Equal(_bus.Names.All.NewestFirst.Select(Text), other.Names.All.NewestFirst.Select(Text));
    }

    [Fact]
    public void What_a_host_refuses_is_counted_and_told_like_a_refusal_of_the_bus()
    {
        var observer = new RecordingObserver();
        _bus.Observer = observer;
        StoredMessage message = Composed(_bus, "$.Denied", default);
        _bus.RecordRefusal(_sender, message, Errno.EPERM);
        message.Release();
        _bus.RecordRefusedBind(_sender, "$.Denied.*"u8, isReplier: true, Errno.EPERM);
        Assert.Equal(1ul, _bus.Traffic.Refused[RefusalCounts.Errors.IndexOf(Errno.EPERM)]);
        Assert.Equal(1ul, Counted("$.Denied")!.Counts.Refused.Total);
        Assert.Equal(2, observer.Events.Count);
        Assert.StartsWith("1 EPERM $.Denied", observer.Events[0], StringComparison.Ordinal);
        Assert.Equal("Ksock 1 binds $.Denied.* True: EPERM", observer.Events[1]);
    }

    [Fact]
    public void Settings_revoked_bindings_and_used_up_shares_are_told()
    {
        var bus = new Bus(new BusOptions { MaxRepeats = 1 });
        var observer = new RecordingObserver();
        bus.Observer = observer;
        KsockState ksock = bus.Open(canWrite: true, new QuietCarrier());
        Assert.Equal(Errno.None, bus.Ask(ksock, Setting.MaxMessages, 7, out _));
        Assert.Equal(Errno.None, bus.Ask(ksock, Setting.MaxMessages, 0, out _));
        Assert.Equal(Errno.EINVAL, bus.Ask(ksock, Setting.MaxMessageSize, 2, out _));
        Assert.Equal(Errno.None, bus.Bind(ksock, "$.A"u8, isReplier: false));
        Assert.Equal(Errno.EDQUOT, bus.Bind(ksock, "$.A"u8, isReplier: false));
        Assert.True(bus.Revoke(ksock, "$.A"u8, isReplier: false));
        Assert.Equal(
            [
                "Ksock 1 opens", "Ksock 1 sets MaxMessages 7: None", "Ksock 1 sets MaxMessageSize 2: EINVAL", "Ksock 1 binds $.A False: None",
                "Ksock 1 may not have more Bindings", "Ksock 1 binds $.A False: EDQUOT", "Ksock 1 loses $.A False: None",
            ],
            observer.Events);
    }

    [Fact]
    public void A_bus_behind_a_log_tells_the_same()
    {
        string Play(BusOperations operations)
        {
            var observer = new RecordingObserver();
            operations.Books.Observer = observer;
            KsockState replier = operations.Open(canWrite: true, new QuietCarrier());
            KsockState asker = operations.Open(canWrite: true, new QuietCarrier());
            _ = operations.Bind(replier, "$.Ask"u8, isReplier: true);
            _ = operations.Send(asker, Composed(operations.Books, "$.Ask", MessageFlags.WantAReply), out _);
            _ = operations.Send(asker, Composed(operations.Books, "$.Nobody", MessageFlags.WantAReply), out _);
            operations.Close(replier);
            return string.Join('\n', [.. observer.Events, NaiveTraffic.Of(operations.Books.Traffic).ToString()]);
        }

        string told = Play(new Bus(new BusOptions()));
        Assert.Contains("$.KBUS.Replier.GoneAway", told, StringComparison.Ordinal);
        Assert.Equal(told, Play(new SequencedBus(new BusOptions())));
    }

    [Fact]
    public void Of_a_message_to_very_many_not_every_recipient_is_told_but_their_number_is()
    {
        for (int i = 0; i < Bus.MostWatchedCopies + 5; i++)
        {
            Assert.Equal(Errno.None, _bus.Bind(_bus.Open(canWrite: true, new QuietCarrier()), "$.All"u8, isReplier: false));
        }

        var observer = new CountingObserver();
        _bus.Observer = observer;
        Send("$.All");
        Assert.Equal((Bus.MostWatchedCopies, Bus.MostWatchedCopies + 5), observer.Copies);
    }

    private static string Text(NameTraffic name) => $"{Encoding.ASCII.GetString(name.Name)} {NaiveTraffic.Of(name.Counts)}";

    private static StoredMessage Composed(Bus bus, string name, MessageFlags flags) =>
        bus.Pool.Compose(new MessageHeader { Flags = flags }, Encoding.ASCII.GetBytes(name), "data"u8);

    private NameTraffic? Counted(string name) => _bus.Names.All.NewestFirst.FirstOrDefault(n => Encoding.ASCII.GetString(n.Name) == name);

    private void Send(string name, MessageFlags flags = default) => _ = _bus.Send(_sender, Composed(_bus, name, flags), out _);

    private sealed class CountingObserver : BusObserver
    {
        public (int Told, int All) Copies { get; private set; }

        public override void Opened(KsockState ksock)
        {
        }

        public override void Closing(KsockState ksock)
        {
        }

        public override void Bound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, Errno outcome)
        {
        }

        public override void Unbound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, bool isRevoked, Errno outcome)
        {
        }

        public override void Message(in WatchedMessage message) => Copies = (message.Copies.Length, message.CopyCount);

        public override void Set(KsockState ksock, Setting setting, uint value, Errno outcome)
        {
        }

        public override void LimitReached(KsockState ksock, QuotaRefusal refusal)
        {
        }
    }
}

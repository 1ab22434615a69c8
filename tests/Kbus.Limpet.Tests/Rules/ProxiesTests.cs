using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class ProxiesTests : IDisposable
{
    private readonly EmbeddedKbus _bus = new();
    private readonly HandClock _clock = new();
    private readonly List<string> _told = [];
    private readonly Ksock _limpet;
    private readonly Ksock _local;
    private readonly Proxies _proxies;

    public ProxiesTests()
    {
        _limpet = _bus.Open();
        _limpet.ActAsLimpet(1);
        _local = _bus.Open();
        _proxies = new Proxies(_limpet, new LimpetOptions { Time = _clock, Tell = _told.Add, MaxProxies = 3 });
    }

    public void Dispose()
    {
        _proxies.Dispose();
        _local.Dispose();
        _limpet.Dispose();
        _bus.Dispose();
        _clock.Dispose();
    }

    [Fact]
    public void A_name_is_bound_as_long_as_the_peer_has_a_replier()
    {
        _proxies.Bind("$.A.*");
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.A.B"));
        _proxies.Bind("$.A.*");
        Assert.Equal((1, 0), _proxies.Counts);
        _proxies.Unbind("$.A.*");
        Assert.Null(_local.FindReplierFor("$.A.B"));
        _proxies.Unbind("$.A.*");
        _proxies.Unbind("$.Never");
        Assert.Equal((0, 0), _proxies.Counts);
        Assert.Empty(_told);
    }

    [Fact]
    public void A_name_with_a_replier_of_this_bus_is_bound_when_that_one_leaves()
    {
        _local.Bind("$.A", replier: true);
        _proxies.Bind("$.A");
        Assert.Equal((0, 1), _proxies.Counts);
        Assert.Contains("a replier of its own", Assert.Single(_told), StringComparison.Ordinal);
        _local.Unbind("$.A", replier: true);
        _proxies.BecameFree("$.B");
        _proxies.BecameFree("$.A");
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.A"));
        Assert.Equal("Bound to $.A as replier after all.", _told[1]);
    }

    [Fact]
    public void A_name_that_the_peer_has_given_up_meanwhile_is_not_bound_when_it_becomes_free()
    {
        _local.Bind("$.A", replier: true);
        _proxies.Bind("$.A");
        _proxies.Unbind("$.A");
        _local.Unbind("$.A", replier: true);
        _proxies.BecameFree("$.A");
        Assert.Null(_local.FindReplierFor("$.A"));
        Assert.Equal((0, 0), _proxies.Counts);

        // That what was not bound is not bound any more is no news.
        Assert.Single(_told);
    }

    [Fact]
    public void What_is_bound_and_unbound_all_the_time_fills_nobody_s_log()
    {
        _local.Bind("$.A", replier: true);
        for (int i = 0; i < 1000; i++)
        {
            _proxies.Bind("$.A");
            _proxies.Unbind("$.A");
        }

        Assert.InRange(_told.Count, 1, 50);
    }

    [Fact]
    public void What_a_full_event_listener_keeps_from_being_bound_or_unbound_is_tried_again()
    {
        Ksock full = FullEventListener();
        _proxies.Bind("$.A");
        Assert.Equal((0, 1), _proxies.Counts);
        Assert.Contains("full queue", Assert.Single(_told), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(_told);
        full.ReadNextMessage();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.A"));

        _proxies.Unbind("$.A");
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.A"));
        full.ReadNextMessage();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Null(_local.FindReplierFor("$.A"));
        Assert.Equal((0, 0), _proxies.Counts);
        full.Dispose();
    }

    [Fact]
    public void A_name_that_could_not_be_unbound_and_is_wanted_again_stays_bound()
    {
        _proxies.Bind("$.A");
        Ksock full = FullEventListener();
        _proxies.Unbind("$.A");
        _proxies.Bind("$.A");
        full.ReadNextMessage();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.A"));
        Assert.Equal((1, 0), _proxies.Counts);
        full.Dispose();
    }

    [Fact]
    public void What_can_never_be_bound_is_told_and_forgotten()
    {
        _proxies.Bind("$.Not a name");
        _proxies.Bind(ReplierBindEvent.MessageName);
        _proxies.Bind(new string('x', 1001));
        Assert.Equal((0, 0), _proxies.Counts);
        Assert.Equal(3, _told.Count);
    }

    [Fact]
    public void A_name_that_comes_and_goes_all_the_time_is_bound_after_a_pause_and_unbound_at_once()
    {
        for (int i = 0; i < 10; i++)
        {
            _proxies.Bind("$.A");
            Assert.Equal((1, 0), _proxies.Counts);
            _proxies.Unbind("$.A");
        }

        _proxies.Bind("$.A");
        Assert.Equal((0, 1), _proxies.Counts);
        _proxies.Unbind("$.A");
        Assert.Equal((0, 0), _proxies.Counts);
        _proxies.Bind("$.A");
        _proxies.Bind("$.B");
        Assert.Equal((1, 1), _proxies.Counts);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((2, 0), _proxies.Counts);
    }

    [Fact]
    public void A_peer_has_only_so_many_names_and_one_that_it_gives_up_makes_room()
    {
        for (int i = 0; i < 100; i++)
        {
            _proxies.Bind($"$.A{i}");
        }

        Assert.Equal((3, 0), _proxies.Counts);
        Assert.Contains("$.A3 as replier: the peer has repliers for more than 3 names", Assert.Single(_told), StringComparison.Ordinal);
        _proxies.Unbind("$.A0");
        _proxies.Bind("$.B");
        Assert.Equal(_limpet.Id, _local.FindReplierFor("$.B"));
    }

    [Fact]
    public void Nothing_is_tried_once_the_link_has_ended()
    {
        Ksock full = FullEventListener();
        _proxies.Bind("$.A");
        full.ReadNextMessage();
        _limpet.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(3));
        _proxies.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(3));
        _proxies.Bind("$.B");
        Assert.Null(_local.FindReplierFor("$.B"));
        full.Dispose();
    }

    /// <summary>A listener for bind events with room for one message, which it has.</summary>
    private Ksock FullEventListener()
    {
        Ksock full = _bus.Open();
        full.SetMaxMessages(1);
        full.Bind(ReplierBindEvent.MessageName);
        full.ReportReplierBinds();
        while (full.NumMessages > 0)
        {
            full.ReadNextMessage();
        }

        full.Bind("$.Fill");
        _local.Send(new Announcement("$.Fill"));
        return full;
    }
}

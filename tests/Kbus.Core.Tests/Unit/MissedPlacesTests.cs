using System.Text;

namespace Kbus.Core.Tests;

/// <summary>A Ksock that asks learns where among its messages some are missing, and how many.</summary>
public sealed class MissedPlacesTests
{
    private readonly Bus _bus = new(new BusOptions { DefaultMaxMessages = 2 });
    private readonly KsockState _sender;
    private readonly KsockState _listener;

    public MissedPlacesTests()
    {
        _sender = Open();
        _listener = Open();
        _bus.Bind(_listener, "$.A"u8, isReplier: false);
        Assert.Equal(0u, Until());
    }

    [Fact]
    public void A_listener_is_told_how_many_messages_it_missed_and_where()
    {
        Send(5);
        Assert.Equal((2u, 0u), (Until(), Missed()));
        Take(1);
        Send(3);
        Assert.Equal((1u, 0u), (Until(), Missed()));
        Take(1);
        Assert.Equal((0u, 3u, 0u), (Until(), Missed(), Missed()));
        Assert.Equal((1u, 0u), (Until(), Missed()));
        Take(1);
        Assert.Equal((0u, 2u, 0u), (Until(), Missed(), Missed()));
        Send(1);
        Assert.Equal((1u, 0u), (Until(), Missed()));
        Assert.Equal(5ul, _listener.Missed);
    }

    [Fact]
    public void Urgent_messages_in_front_move_no_place()
    {
        Send(1);
        _bus.Ask(_listener, Setting.MaxMessages, 1, out _);
        Send(2);
        _bus.Ask(_listener, Setting.MaxMessages, 9, out _);
        Send(1, MessageFlags.Urgent);
        Send(1);
        Assert.Equal(2u, Until());
        Take(2);
        Assert.Equal((0u, 2u), (Until(), Missed()));
        Assert.Equal(1u, Until());
    }

    [Fact]
    public void Places_that_were_read_past_are_told_together_and_none_is_kept_that_nobody_asks_for()
    {
        Send(2);
        for (int i = 0; i < MissedPlaces.Most + 10; i++)
        {
            Send(1);
            Take(1);
            Send(1);
        }

        Assert.Equal((uint)MissedPlaces.Most + 8u + 1u, Missed());
        Take(1);
        Assert.Equal(1u, Missed());
        Take(1);
        Assert.Equal(0u, Missed());
    }

    [Fact]
    public void Nothing_is_kept_for_a_ksock_that_never_asks()
    {
        KsockState other = Open();
        _bus.Bind(other, "$.A"u8, isReplier: false);
        Send(5);
        Assert.Null(other.MissedPlaces);
        Assert.Equal(3ul, other.Missed);
        Assert.Equal(Errno.None, _bus.Ask(other, Setting.MissedHere, 0, out uint missed));
        Assert.Equal(0u, missed);
    }

    private KsockState Open() => _bus.Open(canWrite: true, new QuietCarrier());

    private void Send(int count, MessageFlags flags = default)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Errno.None, _bus.Send(_sender, _bus.Pool.Compose(new MessageHeader { Flags = flags }, Encoding.ASCII.GetBytes("$.A"), []), out _));
        }
    }

    private void Take(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(_bus.Take(_listener, out DeliveredMessage delivered));
            delivered.Message.Release();
        }
    }

    private uint Until() => Ask(Setting.NumUntilMissed);

    private uint Missed() => Ask(Setting.MissedHere);

    private uint Ask(Setting setting)
    {
        Assert.Equal(Errno.None, _bus.Ask(_listener, setting, 0, out uint result));
        return result;
    }
}

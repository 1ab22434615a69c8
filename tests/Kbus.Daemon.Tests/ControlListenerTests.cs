using Kbus.Linux;

namespace Kbus.Daemon.Tests;

/// <summary>Accepting questions where that fails.</summary>
public sealed class ControlListenerTests
{
    private const ulong Token = 7;

    [Fact]
    public void A_connection_that_cannot_be_accepted_does_not_wake_the_thread_again_until_a_pause_is_over()
    {
        // A socket that shows something to accept, and from which nothing can be accepted.
        Assert.True(LibC.StreamSocketPair(blocking: false, out int first, out int second) >= 0);
        using var socket = new Descriptor(first);
        using var other = new Descriptor(second);
        Assert.Equal(1, LibC.Send(other.Number, [1], LibC.MessageDontWait));
        using var epoll = new Descriptor(LibC.CreateEpoll());
        using var events = new EpollEvents(4);
        using var listener = new ControlListener(epoll, Token, Log.Silent);
        Assert.Equal(0, listener.Begin(socket));
        Assert.Equal(1, LibC.EpollWait(epoll.Number, events, 0));
        Assert.Equal(0, listener.PausedUntil);

        Assert.Null(listener.Next(() => false));
        Assert.InRange(listener.PausedUntil, 1, long.MaxValue);
        Assert.Equal(0, LibC.EpollWait(epoll.Number, events, 0));

        listener.Resume(listener.PausedUntil - 1);
        Assert.Equal(0, LibC.EpollWait(epoll.Number, events, 0));
        listener.Resume(listener.PausedUntil);
        Assert.Equal(0, listener.PausedUntil);
        Assert.Equal(1, LibC.EpollWait(epoll.Number, events, 0));
        Assert.Equal(Token, events.Data(0));
    }
}

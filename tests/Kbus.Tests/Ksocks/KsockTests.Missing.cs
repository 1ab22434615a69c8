namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task A_listener_that_asks_learns_where_messages_are_missing_and_how_many() => Limited.Run(() =>
    {
        Ksock listener = Open();
        listener.SetMaxMessages(2);
        Assert.Equal((0u, 0u), (listener.NumMessagesUntilMissed, listener.TakeMissed()));
        listener.Bind("$.A");
        Ksock sender = Open();
        for (int i = 1; i <= 5; i++)
        {
            sender.Send(new Announcement("$.A", $"{i}"));
        }

        Assert.Equal("1", listener.ReadNextMessage()!.DataAsText);
        sender.Send(new Announcement("$.A", "6"));
        Assert.Equal((1u, 0u), (listener.NumMessagesUntilMissed, listener.TakeMissed()));
        Assert.Equal("2", listener.ReadNextMessage()!.DataAsText);
        Assert.Equal((0u, 3u, 0u), (listener.NumMessagesUntilMissed, listener.TakeMissed(), listener.TakeMissed()));
        Assert.Equal(1u, listener.NumMessagesUntilMissed);
        Assert.Equal("6", listener.ReadNextMessage()!.DataAsText);
        Assert.Equal((0u, 0u), (listener.NumMessagesUntilMissed, listener.TakeMissed()));
    });
}

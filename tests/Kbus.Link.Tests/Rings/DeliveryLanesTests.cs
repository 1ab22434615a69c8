namespace Kbus.Link.Tests;

/// <summary>The ring of messages beside that of answers.</summary>
public sealed class DeliveryLanesTests
{
    [Fact]
    public void The_two_lanes_have_rings_tails_heads_and_flags_of_their_own()
    {
        using var link = new LinkPair();
        var messages = new DeliveryProducer(link.Bus);
        var answers = new DeliveryProducer(link.Bus, DeliveryLane.Answers);
        var reader = new DeliveryConsumer(link.Client);
        var asker = new DeliveryConsumer(link.Client, DeliveryLane.Answers);
        Assert.True(messages.TryAppend(20, 1, out Span<byte> record));
        record.Fill(8);
        messages.Publish();
        answers.SetFlags(DeliveryFlags.MoreBehind);
        Assert.False(asker.HasRecord);
        Assert.Equal(DeliveryFlags.None, reader.Flags);
        Assert.Equal(DeliveryFlags.MoreBehind, asker.Flags);

        Assert.True(answers.TryAppend(24, 7, out record));
        record.Fill(9);
        answers.Publish();
        Assert.Equal(DeliveryLook.Record, asker.TryPeek(out ReadOnlySpan<byte> answer, out DeliveryToken token));
        Assert.Equal((24, 7u, (byte)9), (answer.Length, token.Kind, answer[0]));
        Assert.True(answers.TryBeginRewrite());
        Assert.False(asker.TryTake(token));
        Assert.Equal(DeliveryLook.Record, reader.TryPeek(out ReadOnlySpan<byte> message, out DeliveryToken other));
        Assert.Equal((20, 1u, (byte)8), (message.Length, other.Kind, message[0]));
        Assert.True(reader.TryTake(other));
        Assert.True(answers.TryEndRewrite());
        Assert.Equal(DeliveryLook.Record, asker.TryPeek(out _, out token));
        Assert.True(asker.TryTake(token));
        Assert.True(messages.TryObserve(out int taken));
        Assert.True(answers.TryObserve(out int answersTaken));
        Assert.Equal((1, 1), (taken, answersTaken));
    }
}

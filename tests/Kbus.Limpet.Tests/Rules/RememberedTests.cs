namespace Kbus.Limpets.Tests;

public sealed class RememberedTests
{
    [Fact]
    public void When_there_are_too_many_the_oldest_are_given_up_and_nobody_else()
    {
        var remembered = new Remembered(most: 160);
        for (uint i = 1; i <= 160; i++)
        {
            Assert.True(remembered.TryAdd(new MessageId(0, i), i, default, out (MessageId, uint)[] none));
            Assert.Empty(none);
        }

        Assert.True(remembered.TryTake(new MessageId(0, 1), out _));
        Assert.True(remembered.TryAdd(new MessageId(0, 161), 161, default, out (MessageId, uint)[] givenUp));
        Assert.Empty(givenUp);
        Assert.True(remembered.TryAdd(new MessageId(0, 162), 162, default, out givenUp));
        Assert.Equal(Enumerable.Range(2, 11).Select(i => (new MessageId(0, (uint)i), (uint)i)), givenUp);
        Assert.Equal(150, remembered.Count);
        Assert.False(remembered.TryTake(new MessageId(0, 2), out _));
        Assert.True(remembered.TryTake(new MessageId(0, 13), out AwaitedAnswer awaited));
        Assert.Equal(13u, awaited.Requester);
    }
}

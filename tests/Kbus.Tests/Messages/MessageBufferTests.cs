namespace Kbus.Tests;

/// <summary>A buffer holds one message, wherever its data is, and lets go of it in time.</summary>
public sealed class MessageBufferTests
{
    private static readonly byte[] Entire = new Message("$.Fred", "abc1234") { Id = new MessageId(0, 3) }.ToBytes();

    [Fact]
    public void Data_that_is_elsewhere_looks_like_any_data()
    {
        using var buffer = new MessageBuffer();
        var elsewhere = new Elsewhere("abc1234"u8.ToArray());
        Fill(buffer, elsewhere);
        Assert.Equal(108, buffer.EntireLength);
        Assert.True(buffer.Data.SequenceEqual("abc1234"u8));
        Assert.Equal("abc1234", buffer.ToMessage().DataAsText);
        Assert.Equal(0, elsewhere.Releases);
        Assert.True(buffer.Entire.SequenceEqual(Entire));
        Assert.Equal(1, elsewhere.Releases);
        Assert.True(buffer.Data.SequenceEqual("abc1234"u8));
        Assert.True(buffer.Entire.SequenceEqual(Entire));
    }

    [Fact]
    public void Data_that_is_elsewhere_is_released_once_when_the_buffer_is_used_again()
    {
        var buffer = new MessageBuffer();
        Elsewhere[] all = [new("abc1234"u8.ToArray()), new("abc1234"u8.ToArray()), new("abc1234"u8.ToArray())];
        Fill(buffer, all[0]);
        Fill(buffer, all[1]);
        buffer.Clear();
        Fill(buffer, all[2]);
        buffer.Dispose();
        buffer.Dispose();
        Assert.All(all, e => Assert.Equal(1, e.Releases));
    }

    [Fact]
    public void What_is_no_message_is_not_accepted()
    {
        using var buffer = new MessageBuffer();
        Entire.AsSpan(0, 104).CopyTo(buffer.Prepare(104));
        Assert.False(buffer.Commit());
        Assert.False(buffer.HasMessage);
        var tooShort = new Elsewhere("abc"u8.ToArray());
        Entire.AsSpan(0, 96).CopyTo(buffer.Prepare(96));
        Assert.False(buffer.Commit(tooShort));
        Assert.Equal(1, tooShort.Releases);
        Assert.False(buffer.HasMessage);
        buffer.Prepare(88).Fill(0xFF);
        Assert.False(buffer.Commit());
        Assert.Equal(default, buffer.Id);
        Fill(buffer, new Elsewhere("abc1234"u8.ToArray()));
        Assert.True(buffer.HasMessage);
    }

    [Fact]
    public void One_buffer_can_take_over_from_another()
    {
        using var from = new MessageBuffer();
        using var to = new MessageBuffer();
        var elsewhere = new Elsewhere("abc1234"u8.ToArray());
        Fill(from, elsewhere);
        to.TakeOver(from);
        Assert.False(from.HasMessage);
        Assert.Equal("abc1234", to.ToMessage().DataAsText);
        Fill(from, new Elsewhere("abc1234"u8.ToArray()));
        Assert.Equal(0, elsewhere.Releases);
        to.TakeOver(from);
        Assert.Equal(1, elsewhere.Releases);
        Assert.True(to.HasMessage);
    }

    [Fact]
    public void What_has_given_data_back_may_borrow_again_but_not_while_it_lends_to_another_buffer()
    {
        using var from = new MessageBuffer();
        using var to = new MessageBuffer();
        var elsewhere = new Elsewhere("abc1234"u8.ToArray());
        Fill(from, elsewhere);
        Assert.Null(from.GivenBack);
        from.Clear();
        Assert.Same(elsewhere, from.GivenBack);
        Fill(from, elsewhere);
        to.TakeOver(from);
        Assert.Null(from.GivenBack);
        Assert.Null(to.GivenBack);
        Assert.Equal(1, elsewhere.Releases);
        Assert.Equal("abc1234", to.ToMessage().DataAsText);
        _ = to.Entire;
        Assert.Same(elsewhere, to.GivenBack);
        Assert.Equal(2, elsewhere.Releases);
    }

    private static void Fill(MessageBuffer buffer, BorrowedData elsewhere)
    {
        Entire.AsSpan(0, 96).CopyTo(buffer.Prepare(96));
        Assert.True(buffer.Commit(elsewhere));
    }

    private sealed class Elsewhere(byte[] bytes) : BorrowedData
    {
        public int Releases { get; private set; }

        public override ReadOnlySpan<byte> Bytes => bytes;

        public override void Release() => Releases++;
    }
}

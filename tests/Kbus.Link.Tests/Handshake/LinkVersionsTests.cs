namespace Kbus.Link.Tests;

public sealed class LinkVersionsTests
{
    [Theory]
    [InlineData(4, 4, 4, 4, 4)]
    [InlineData(4, 6, 5, 9, 6)]
    [InlineData(5, 9, 4, 6, 6)]
    [InlineData(4, 9, 5, 6, 6)]
    [InlineData(4, 5, 6, 7, 0)]
    [InlineData(6, 7, 4, 5, 0)]
    [InlineData(4, 5, 5, 5, 5)]
    public void Two_sides_use_the_highest_version_that_both_speak(uint oldest, uint newest, uint othersOldest, uint othersNewest, uint common)
    {
        var one = new LinkVersions(oldest, newest, 0);
        var other = new LinkVersions(othersOldest, othersNewest, 0);
        Assert.Equal(common, one.CommonWith(other));
        Assert.Equal(common, other.CommonWith(one));
        Assert.Equal(common == 0 && newest < othersOldest, one.IsOlderThan(other));
    }

    [Fact]
    public void What_was_no_range_yet_is_one_version_whatever_stood_in_its_place()
    {
        Assert.Equal(new LinkVersions(3, 3, 0), LinkVersions.Told(3, 0, 0));
        Assert.Equal(new LinkVersions(3, 3, 0), LinkVersions.Told(3, 2, 7));
        Assert.Equal(new LinkVersions(4, 6, 7), LinkVersions.Told(6, 4, 7));

        // A range that goes backwards is one version.
        Assert.Equal(new LinkVersions(6, 6, 0), LinkVersions.Told(6, 9, 0));
    }

    [Fact]
    public void Only_features_that_both_sides_have_are_used()
    {
        var newer = new LinkVersions(LinkLayout.OldestVersion, LinkLayout.Version + 1, uint.MaxValue);
        var welcome = BusWelcome.Link(1, 0, LinkLayout.Default, new BusLimits(100, 409600, 1 << 26), client: newer);
        Assert.Equal(new LinkVersions(LinkLayout.Version, LinkLayout.Version, LinkVersions.Ours.Features), welcome.Versions);
    }

    [Theory]
    [InlineData(13, uint.MaxValue)]
    [InlineData(13, 1u)]
    [InlineData(14, 1u)]
    public void A_link_of_no_one_version_or_with_a_feature_that_was_not_offered_is_malformed(int word, uint value)
    {
        byte[] record = BusWelcome.Link(1, 0, LinkLayout.Default, new BusLimits(100, 409600, 1 << 26)).Encode();
        Assert.Equal(HandshakeFault.None, BusWelcome.Decode(record, out _));
        BitConverter.TryWriteBytes(record.AsSpan(word * sizeof(uint)), value);
        Assert.Equal(HandshakeFault.Malformed, BusWelcome.Decode(record, out BusWelcome? welcome));
        Assert.Null(welcome);
    }
}

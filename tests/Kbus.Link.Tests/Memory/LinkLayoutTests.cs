namespace Kbus.Link.Tests;

public sealed class LinkLayoutTests
{
    [Theory]
    [InlineData(0, 4096, 4096)]
    [InlineData(-1024, 4096, 4096)]
    [InlineData(100, 4096, 4096)]
    [InlineData(128 * 1024, 4096, 4096)]
    [InlineData(1024, 2048, 4096)]
    [InlineData(1024, 12288, 4096)]
    [InlineData(1024, 4096, 0)]
    [InlineData(1024, 4096, int.MinValue)]
    [InlineData(1024, 4096, 32 * 1024 * 1024)]
    public void Sizes_that_cannot_be_make_no_layout(int slots, int commands, int deliveries) =>
        Assert.Null(LinkLayout.TryCreate(slots, commands, deliveries));

    [Fact]
    public void Everything_begins_on_a_page()
    {
        LinkLayout layout = LinkLayout.TryCreate(1, Environment.SystemPageSize, Environment.SystemPageSize * 2)!;
        Assert.Equal(0, layout.CommandRingOffset % Environment.SystemPageSize);
        Assert.Equal(0, layout.DeliveryRingOffset % Environment.SystemPageSize);
        Assert.Equal(0, layout.AnswerRingOffset % Environment.SystemPageSize);
        Assert.Equal((5 * Environment.SystemPageSize) + LinkLayout.AnswerRingSize, layout.FileSize);
    }

    [Fact]
    public void The_default_layout_has_the_default_sizes()
    {
        Assert.Equal(LinkLayout.DefaultCompletionSlots, LinkLayout.Default.CompletionSlots);
        Assert.Equal(LinkLayout.DefaultCommandRingSize, LinkLayout.Default.CommandRingSize);
        Assert.Equal(LinkLayout.DefaultDeliveryRingSize, LinkLayout.Default.DeliveryRingSize);
    }

    [Theory]
    [InlineData(0u, 0u, LinkLayout.DefaultCompletionSlots, LinkLayout.DefaultCommandRingSize)]
    [InlineData(1u, 4096u, LinkLayout.DefaultCompletionSlots, LinkLayout.DefaultCommandRingSize)]
    [InlineData(1025u, 128u * 1024 + 1, 2048, 256 * 1024)]
    [InlineData(4096u, 512u * 1024, 4096, 512 * 1024)]
    [InlineData(8193u, 1024u * 1024 + 1, LinkLayout.MostWishedCompletionSlots, LinkLayout.MostWishedCommandRingSize)]
    [InlineData(uint.MaxValue, uint.MaxValue, LinkLayout.MostWishedCompletionSlots, LinkLayout.MostWishedCommandRingSize)]
    public void A_wish_makes_a_link_larger_up_to_a_limit_and_never_smaller(uint slots, uint commands, int slotsGranted, int commandsGranted)
    {
        LinkLayout layout = LinkLayout.Wished(slots, commands, commands);
        Assert.Equal(slotsGranted, layout.CompletionSlots);
        Assert.Equal(commandsGranted, layout.CommandRingSize);
        Assert.Equal(LinkLayout.DefaultDeliveryRingSize, layout.DeliveryRingSize);
    }
}

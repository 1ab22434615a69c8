namespace Kbus.Core.Tests;

/// <summary>Ids and limits.</summary>
public sealed class ValueTests
{
    [Fact]
    public void Ids_are_ordered_by_network_and_then_by_serial_number()
    {
        MessageId[] ascending = [new(0, 0), new(0, 1), new(0, uint.MaxValue), new(1, 0), new(1, 1), new(uint.MaxValue, 0)];
        Assert.Equal(ascending, ascending.Reverse().Order());
        for (int i = 1; i < ascending.Length; i++)
        {
            Assert.True(ascending[i - 1] < ascending[i] && ascending[i] > ascending[i - 1]);
            Assert.True(ascending[i - 1] <= ascending[i] && ascending[i] >= ascending[i - 1]);
            Assert.False(ascending[i - 1] == ascending[i]);
        }

        Assert.True(MessageId.None.IsNone && default(OrigFrom).IsNone);
        Assert.False(new MessageId(1, 0).IsNone || new MessageId(0, 1).IsNone || new OrigFrom(1, 0).IsNone || new OrigFrom(0, 1).IsNone);
    }

    [Fact]
    public void Limits_say_what_is_wrong_with_them()
    {
        Assert.Null(new BusOptions().Check());
        Assert.Null(new BusOptions { DefaultMaxMessageSize = 100, AbsoluteMaxMessageSize = 100, DefaultMaxMessages = 1 }.Check());
        BusOptions[] wrong =
        [
            new() { DefaultMaxMessages = 0 },
            new() { DefaultMaxMessageSize = 99 },
            new() { DefaultMaxMessageSize = 1001, AbsoluteMaxMessageSize = 1000 },
            new() { AbsoluteMaxMessageSize = 99 },
            new() { AbsoluteMaxMessageSize = (64 * 1024 * 1024) + 1 },
            new() { MaxQueuedBytes = 0 },
        ];
        Assert.All(wrong, w => Assert.EndsWith(".", w.Check(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_header_is_88_bytes_and_its_flags_stand_at_48()
    {
        Assert.Equal(88, System.Runtime.CompilerServices.Unsafe.SizeOf<MessageHeader>());
        var header = new MessageHeader { Flags = (MessageFlags)0x04030201 };
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header));
        Assert.Equal(new byte[] { 1, 2, 3, 4 }, bytes.Slice(MessageHeader.FlagsOffset, 4).ToArray());
    }
}

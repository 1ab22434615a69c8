using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>After eight frames of 64 MiB a Limpet kept 191 MB for ever.</summary>
[Collection(nameof(MemoryTests))]
public sealed class LongFrameTests
{
    private const int Long = 16 * 1024 * 1024;
    private const int HeldAtMost = 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Theory]
    [InlineData(Way.Unix)]
    [InlineData(Way.Tcp)]
    [InlineData(Way.Tls)]
    public void What_long_frames_needed_is_held_no_longer_when_they_have_passed(Way way)
    {
        using var bowls = new Bowls(1) { Way = way };
        using Ksock fish = bowls.Bound(0, "$.Long");
        fish.SetMaxMessageSize(Long + 1000);
        (Limpet limpet, RawPeer peer) = bowls.Attach(bowls.Options(0, 1), 2);
        using (limpet)
        using (peer)
        {
            byte[] frame = RawPeer.Bytes(new MessageHeader { Id = new MessageId(2, 1), OrigFrom = new OrigFrom(2, 3) }, "$.Long", new byte[Long]);
            for (int i = 0; i < 8; i++)
            {
                peer.Write(frame);
                Assert.Equal(Long, Bowls.Next(fish).Data.Length);
            }

            AssertHeld(limpet);
            Ksock sender = bowls.Open(0);
            for (int i = 0; i < 8; i++)
            {
                sender.Send(new Announcement("$.Out", new byte[Long]));
                Assert.Equal(Long, peer.Next()!.Data.Length);
            }

            AssertHeld(limpet);
        }
    }

    /// <summary>The Limpet's threads let go a moment after the last byte has passed.</summary>
    private static void AssertHeld(Limpet limpet) =>
        Assert.True(SpinWait.SpinUntil(() => limpet.BytesHeld <= HeldAtMost, Limit), $"{limpet.BytesHeld} bytes are held; at most {HeldAtMost} should be");
}

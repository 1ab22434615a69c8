using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>One bind event with a name of 67 MB took 2.9 GB of memory, and a line of 268 MB in the log.</summary>
public abstract class LongBindEventTests(Way way)
{
    [Theory]
    [InlineData(1001, "none")]
    [InlineData(60_000_000, "none")]
    [InlineData(60_000_000, "$.*")]
    public async Task A_bind_event_with_a_name_that_none_can_have_ends_the_link_and_nothing_is_made_of_it(int length, string allowed)
    {
        using var bowls = new Bowls(1) { Way = way };
        (Limpet limpet, RawPeer peer) = bowls.Attach(bowls.Options(0, 1) with { AllowIn = [allowed], AllowOut = [allowed] }, 2);
        using (limpet)
        using (peer)
        {
            byte[] data = RawPeer.BindEvent(new string('\xff', length), isBind: true);
            long before = GC.GetTotalAllocatedBytes();
            byte[] frame = RawPeer.Bytes(default, ReplierBindEvent.MessageName, data);
            long made = GC.GetTotalAllocatedBytes() - before;
            try
            {
                peer.Write(frame);
            }
            catch (IOException)
            {
                // It closes at once.
            }

            LimpetEnding ending = await limpet.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            Assert.Equal(LimpetEndingKind.PeerConfused, ending.Kind);
            Assert.InRange(ending.Text.Length, 1, 300);
            Assert.All(bowls.Told, t => Assert.InRange(Encoding.UTF8.GetByteCount(t), 1, 5000));

            // The reader's buffer grows to the frame's length by doubling, and that is all.
            Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, (6 * made) + 20_000_000);
        }
    }

    [Fact]
    public void The_longest_name_that_there_can_be_is_bound()
    {
        using var bowls = new Bowls(1) { Way = way };
        (Limpet limpet, RawPeer peer) = bowls.Attach(bowls.Options(0, 1), 2);
        using (limpet)
        using (peer)
        {
            string longest = "$." + new string('a', (int)MessageName.MaxLength - 2);
            peer.TellBind(longest);
            bowls.AwaitReplier(0, longest);
        }
    }
}

/// <summary>The same over a Unix socket.</summary>
[Collection(nameof(MemoryTests))]
public sealed class LongBindEventOverUnixTests() : LongBindEventTests(Way.Unix);

/// <summary>The same over TCP.</summary>
[Collection(nameof(MemoryTests))]
public sealed class LongBindEventOverTcpTests() : LongBindEventTests(Way.Tcp);

/// <summary>The same over TLS.</summary>
[Collection(nameof(MemoryTests))]
public sealed class LongBindEventOverTlsTests() : LongBindEventTests(Way.Tls);

using System.Buffers.Binary;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Faults;

/// <summary>Members whose library is of another version than kbusd.</summary>
public sealed class NeighbourVersionTests
{
    private const int NewestOffset = 4;
    private const int OldestOffset = 32;
    private const int FeaturesOffset = 36;
    private const int BehindOffset = 40;

    [Fact]
    public Task A_newer_member_that_speaks_this_version_too_is_served_in_it() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        byte[] hello = Hello(oldest: LinkLayout.Version, newest: LinkLayout.Version + 2);
        BinaryPrimitives.WriteUInt32LittleEndian(hello.AsSpan(FeaturesOffset), 0x80000001);

        // What a later version means by this, nobody here knows.
        hello.AsSpan(BehindOffset).Fill(0xA5);
        using RawLink link = RawLink.Open(daemon.Directory, hello, out BusWelcome welcome);
        Assert.Equal(new LinkVersions(LinkLayout.Version, LinkLayout.Version, 0), welcome.Versions);
        link.Write((ushort)CommandCode.FindReplier, 0, 1, "$.Nobody"u8);
        var answers = new CompletionReader(link.Memory, link.Socket);
        Assert.Equal(WaitOutcome.Happened, answers.Wait(1, Deadline.After(TimeSpan.FromSeconds(180)), out Completion completion));
        Assert.Equal((0, 0u), (completion.Error, completion.Value));
    });

    [Fact]
    public Task A_newer_member_that_does_not_speak_this_version_is_told_that_kbusd_is_older() => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        BusWelcome refusal = RawLink.Refused(daemon.Directory, Hello(LinkLayout.Version + 1, LinkLayout.Version + 3));
        Assert.Equal((int)Errno.EPROTO, refusal.Error);
        Assert.Equal(LinkVersions.Ours, refusal.Versions);
        Assert.StartsWith("The program's KBUS library is newer than this kbusd ", refusal.Reason, StringComparison.Ordinal);
        Assert.EndsWith(
            $": it speaks versions {LinkLayout.Version + 1} to {LinkLayout.Version + 3} of the link, and this kbusd {LinkVersions.Ours}. "
            + "Update kbusd, and restart it.",
            refusal.Reason,
            StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(1u)]
    [InlineData(2u)]
    [InlineData(3u)]
    public Task An_older_member_is_told_that_its_library_is_older(uint version) => Limited.Run(_ =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        BusWelcome refusal = RawLink.Refused(daemon.Directory, Hello(oldest: 0, newest: version));
        Assert.Equal((int)Errno.EPROTO, refusal.Error);
        Assert.StartsWith("The program's KBUS library is older than this kbusd ", refusal.Reason, StringComparison.Ordinal);
        Assert.EndsWith(
            $": it speaks version {version} of the link, and this kbusd {LinkVersions.Ours}. Update the library.", refusal.Reason, StringComparison.Ordinal);
    });

    private static byte[] Hello(uint oldest, uint newest)
    {
        byte[] hello = new byte[ClientHello.Size];
        new ClientHello(KsockMode.ReadWrite, LibC.ProcessId(), 0, 0, 0, 0).Encode(hello);
        BinaryPrimitives.WriteUInt32LittleEndian(hello.AsSpan(NewestOffset), newest);
        BinaryPrimitives.WriteUInt32LittleEndian(hello.AsSpan(OldestOffset), oldest);
        return hello;
    }
}

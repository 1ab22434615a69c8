using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Faults;
using Kbus.Link;

namespace Kbus.Daemon.Tests;

/// <summary>A member that writes into its ring by itself gets no further than one with the library.</summary>
public sealed class PolicyRawLinkTests
{
    private const uint Stranger = 54321;
    private const string All = """{ "allow": "root", "everything": true }""";
    private const string Opens = """{ "allow": "everybody", "open": ["read", "write"], "send": "$.Open" }""";

    [Fact]
    public Task Each_command_is_asked_about_and_its_answer_has_the_line() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "deny": "everybody", "listen": "$.*", "reply": "$.*", "send": "$.Secret", "settings": "VERBOSE", "limpet": true }""", Opens]);
        using Ksock listener = daemon.Open();
        listener.Bind("$.*");
        using RawLink link = OtherUser.Run(Stranger, () => RawLink.Open(daemon.Runtime));
        var answers = new CompletionReader(link.Memory, link.Socket);
        ulong sequence = 0;
        foreach (ushort flags in (ushort[])[0, 1, 2, ushort.MaxValue])
        {
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Bind, flags, "$.A"u8));
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Bind, flags, "$.*"u8));
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Send, flags, Whole("$.Secret", 0, MessageFlags.None)));
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Send, flags, Whole("$.Secret", 0, (MessageFlags)0xFFFFFEFF)));
            Assert.Equal((Errno.EPERM, 0u), Ask(CommandCode.Send, flags, Whole("$.Else", 0, MessageFlags.Synthetic)));
        }

        Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Ask, (ushort)Setting.Verbose, Word(1)));
        Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Ask, (ushort)Setting.NetworkId, Word(5)));
        Assert.Equal((Errno.EPERM, 0u), Ask(CommandCode.Ask, (ushort)Setting.ReportBinds, Word(1)));
        Assert.Equal((Errno.EPERM, 0u), Ask(CommandCode.Ask, (ushort)Setting.MaxMessageSize, Word(1000)));
        Assert.Equal((Errno.EPERM, 0u), Ask(CommandCode.Ask, (ushort)Setting.NewDevice, Word(0)));

        // A message in parts, as big ones come.
        byte[] head = Whole("$.Secret", 5, MessageFlags.None)[..MessageLayout.DataOffset(8)];
        Assert.Equal((Errno.None, 0u), Ask(CommandCode.SendBegin, 0, head));
        Assert.Equal((Errno.None, 0u), Ask(CommandCode.SendPart, 0, "12"u8));
        Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.SendPart, 0, "345"u8));
        Assert.Equal(Errno.ENOMSG, Ask(CommandCode.Retry, 0, default).Error);
        Assert.Equal(Errno.None, Ask(CommandCode.Send, 0, Whole("$.Open", 0, MessageFlags.None)).Error);
        Assert.Equal("$.Open", listener.WaitForMessage()!.Name);
        Assert.False(listener.IsVerbose || listener.ReportsReplierBinds);

        (Errno Error, uint Value) Ask(CommandCode code, ushort flags, ReadOnlySpan<byte> body)
        {
            link.Write((ushort)code, flags, ++sequence, body);
            Assert.Equal(WaitOutcome.Happened, answers.Wait(sequence, Deadline.After(TimeSpan.FromSeconds(180)), out Completion completion));
            return ((Errno)completion.Error, completion.Value);
        }
    });

    private static byte[] Word(uint value) => BitConverter.GetBytes(value);

    /// <summary>The entire form of a message whose data are zeros.</summary>
    private static byte[] Whole(string name, uint dataLength, MessageFlags flags)
    {
        byte[] bytes = new byte[MessageLayout.EntireLength((uint)name.Length, dataLength)];
        var header = new MessageHeader { Flags = flags, NameLength = (uint)name.Length, DataLength = dataLength };
        header.MakeEntire();
        MemoryMarshal.Write(bytes, in header);
        Encoding.ASCII.GetBytes(name).CopyTo(bytes, MessageHeader.Size);
        BitConverter.GetBytes(MessageHeader.EndGuardValue).CopyTo(bytes, bytes.Length - MessageLayout.FinalGuardLength);
        return bytes;
    }
}

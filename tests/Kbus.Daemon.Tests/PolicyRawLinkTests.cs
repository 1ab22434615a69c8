using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Faults;
using Kbus.Link;
using Kbus.Linux;

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

            // With this flag a tag stands before the message.
            byte[] tag = new byte[(flags & CommandFlags.Awaited) != 0 ? AnswerTag.Size : 0];
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Send, flags, [.. tag, .. Whole("$.Secret", 0, MessageFlags.None)]));
            Assert.Equal((Errno.EPERM, 3u), Ask(CommandCode.Send, flags, [.. tag, .. Whole("$.Secret", 0, (MessageFlags)0xFFFFFEFF)]));
            Assert.Equal((Errno.EPERM, 0u), Ask(CommandCode.Send, flags, [.. tag, .. Whole("$.Else", 0, MessageFlags.Synthetic)]));
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

    [Fact]
    public Task Whatever_a_Limpets_header_says_no_name_gets_past_the_policy() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All, """{ "deny": "everybody", "send": "$.Secret" }""", """{ "allow": "54321", "open": ["read", "write"], "limpet": true, "send": "$.Open" }"""]);
        using Ksock replier = daemon.Open();
        replier.Bind("$.*");
        replier.Bind("$.Secret", replier: true);
        using RawLink link = OtherUser.Run(Stranger, () => RawLink.Open(daemon.Runtime));
        var answers = new CompletionReader(link.Memory, link.Socket);
        ulong sequence = 0;
        Assert.Equal(Errno.None, Ask(CommandCode.Ask, (ushort)Setting.NetworkId, Word(7)));
        MessageFlags[] flags = [
            MessageFlags.None, MessageFlags.WantAReply, MessageFlags.WantAReply | MessageFlags.WantYouToReply, MessageFlags.Urgent | MessageFlags.Synthetic,
            MessageFlags.AllOrFail | MessageFlags.WantAReply];
        MessageId[] ids = [default, new(0, 1), new(7, 1), new(8, 1)];
        foreach (MessageFlags flag in flags)
        {
            foreach (MessageId id in ids)
            {
                foreach (uint to in (uint[])[0, replier.Id])
                {
                    // As a Reply it is one to nobody: then it is the bus's own error, or it is overheard and denied.
                    var header = new MessageHeader { Flags = flag, Id = id, To = to, From = replier.Id, OrigFrom = new OrigFrom(8, replier.Id), FinalTo = new OrigFrom(7, replier.Id) };
                    Assert.Equal(Errno.EPERM, Ask(CommandCode.Send, 0, Whole("$.Secret", 0, header)));
                    header.InReplyTo = new MessageId(7, 1);
                    Assert.Contains(Ask(CommandCode.Send, 0, Whole("$.Secret", 0, header)), (Errno[])[Errno.EPERM, Errno.ECONNREFUSED]);
                }
            }
        }

        Assert.Equal(Errno.None, Ask(CommandCode.Send, 0, Whole("$.Open", 0, MessageFlags.None)));
        Assert.Equal("$.Open", replier.WaitForMessage()!.Name);

        Errno Ask(CommandCode code, ushort flags, ReadOnlySpan<byte> body)
        {
            link.Write((ushort)code, flags, ++sequence, body);
            Assert.Equal(WaitOutcome.Happened, answers.Wait(sequence, Deadline.After(TimeSpan.FromSeconds(30)), out Completion completion));
            return (Errno)completion.Error;
        }
    });

    [Fact]
    public Task Who_connected_counts_and_not_who_speaks_later() => Limited.Run(() =>
    {
        using var daemon = new PolicyDaemon([All]);
        using (Descriptor ofStranger = OtherUser.Run(Stranger, () => RawLink.Connect(daemon.Runtime)))
        {
            Assert.Equal((int)Errno.EPERM, Greeted(ofStranger));
        }

        // As for a file: who is given an open descriptor may use it.
        using Descriptor ofRoot = RawLink.Connect(daemon.Runtime);
        Assert.Equal(0, OtherUser.Run(Stranger, () => Greeted(ofRoot)));
    });

    /// <summary>Asks for a Ksock over a connection; the error that comes of it.</summary>
    private static int Greeted(Descriptor socket)
    {
        Deadline deadline = Deadline.After(TimeSpan.FromSeconds(30));
        Assert.Equal(HandshakeFault.None, HandshakeExchange.SendHello(socket, new ClientHello(KsockMode.ReadWrite, LibC.ProcessId(), 0, 0, 0, 0), deadline));
        Assert.Equal(HandshakeFault.None, HandshakeExchange.ReceiveWelcome(socket, deadline, out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell));
        memory?.Dispose();
        bell?.Dispose();
        return welcome!.Error;
    }

    private static byte[] Word(uint value) => BitConverter.GetBytes(value);

    /// <summary>The entire form of a message whose data are zeros.</summary>
    private static byte[] Whole(string name, uint dataLength, MessageFlags flags) => Whole(name, dataLength, new MessageHeader { Flags = flags });

    private static byte[] Whole(string name, uint dataLength, MessageHeader header)
    {
        byte[] bytes = new byte[MessageLayout.EntireLength((uint)name.Length, dataLength)];
        (header.NameLength, header.DataLength) = ((uint)name.Length, dataLength);
        header.MakeEntire();
        MemoryMarshal.Write(bytes, in header);
        Encoding.ASCII.GetBytes(name).CopyTo(bytes, MessageHeader.Size);
        BitConverter.GetBytes(MessageHeader.EndGuardValue).CopyTo(bytes, bytes.Length - MessageLayout.FinalGuardLength);
        return bytes;
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Faults;
using Kbus.Link;
using Kbus.Linux;
using Kbus.TestKit;

namespace Kbus.Daemon.Tests;

/// <summary>Requests whose answers are awaited no more, as no library writes them.</summary>
public sealed class WithdrawTests
{
    private const ulong Tag = 7;

    [Fact]
    public Task A_Request_that_is_withdrawn_between_its_parts_gets_an_ordinary_answer() => Limited.Run(() =>
    {
        using DaemonProcess daemon = DaemonProcess.Start();
        using Ksock replier = Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = daemon.Directory });
        replier.Bind("$.Ask", replier: true);
        using RawLink link = RawLink.Open(daemon.Directory);
        var completions = new CompletionReader(link.Memory, link.Socket);
        ulong sequence = 0;
        byte[] head = new byte[MessageLayout.DataOffset(5)];
        var header = new MessageHeader { Flags = MessageFlags.WantAReply, NameLength = 5, DataLength = 4 };
        header.MakeEntire();
        (header.NameLength, header.DataLength) = (5, 4);
        MemoryMarshal.Write(head, in header);
        Encoding.ASCII.GetBytes("$.Ask").CopyTo(head, MessageHeader.Size);

        Tell(CommandCode.SendBegin, CommandFlags.Awaited, [.. BitConverter.GetBytes(Tag), .. head]);
        Tell(CommandCode.SendPart, 0, "ab"u8);
        Tell(CommandCode.Withdraw, 0, BitConverter.GetBytes(Tag));
        Tell(CommandCode.SendPart, 0, "cd"u8);
        replier.Send(Message.ReplyTo(replier.WaitForMessage()!, "efgh"));

        Assert.True(new DeliveryConsumer(link.Memory).HasRecord);
        Assert.False(new DeliveryConsumer(link.Memory, DeliveryLane.Answers).HasRecord);

        void Tell(CommandCode code, ushort flags, ReadOnlySpan<byte> body)
        {
            link.Write((ushort)code, flags, ++sequence, body);
            Assert.Equal(WaitOutcome.Happened, completions.Wait(sequence, Deadline.After(TimeSpan.FromSeconds(180)), out Completion completion));
            Assert.Equal(0, completion.Error);
        }
    });
}

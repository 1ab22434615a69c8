using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Tests;

// The bare Unix level.
public abstract partial class KsockTests
{
    [Fact]
    public Task A_message_can_be_written_and_read_in_pieces_of_any_size() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        byte[] bytes = new Announcement("$.Fred", "abc1234").ToBytes();
        for (int piece = 1; piece <= bytes.Length; piece += piece < 10 ? 1 : 17)
        {
            for (int at = 0; at < bytes.Length; at += piece)
            {
                Assert.Equal(Errno.None, sender.Bare.Write(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at))));
            }

            Assert.Equal(Errno.None, sender.Bare.Send(out MessageId id));
            Assert.Equal(Errno.None, sender.Bare.LastSent(out MessageId last));
            Assert.Equal(id, last);
            Assert.Equal(Errno.None, listener.Bare.NextMessage(out int length));
            Assert.Equal(bytes.Length, length);
            byte[] read = new byte[length];
            for (int at = 0; at < length; at += piece)
            {
                Assert.Equal(length - at, listener.Bare.LengthLeft);
                Assert.Equal(Errno.None, listener.Bare.Read(read.AsSpan(at, Math.Min(piece, length - at)), out int count));
                Assert.Equal(Math.Min(piece, length - at), count);
            }

            Assert.Equal(0, listener.Bare.LengthLeft);
            Assert.Equal(Errno.None, listener.Bare.Read(new byte[1], out int none));
            Assert.Equal(0, none);
            Assert.Equal($"<Announcement '$.Fred', id={id}, from={sender.Id}, data='abc1234'>", Message.FromBytes(read).ToString());
        }
    });

    [Fact]
    public Task A_pointy_message_is_read_from_this_process_when_it_is_sent() => Limited.Run(() =>
    {
        Ksock listener = OpenListener("$.*");
        Ksock sender = Open();
        IntPtr name = Marshal.StringToHGlobalAnsi("$.Pointy");
        IntPtr data = Marshal.StringToHGlobalAnsi("text");
        try
        {
            var header = new MessageHeader
            {
                StartGuard = MessageHeader.StartGuardValue,
                EndGuard = MessageHeader.EndGuardValue,
                NameLength = 8,
                DataLength = 4,
                NamePointer = (ulong)name,
                DataPointer = (ulong)data,
            };
            Assert.Equal(Errno.None, sender.Bare.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header))));
            Marshal.WriteByte(data, (byte)'T');
            Assert.Equal(Errno.None, sender.Bare.Send(out MessageId id));
            Assert.Equal($"<Announcement '$.Pointy', id={id}, from={sender.Id}, data='Text'>", listener.ReadNextMessage()!.ToString());

            // A bad pointer is an error, not a crash.
            foreach (ulong bad in new ulong[] { 8, 0x7FFF_FFFF_FFF0, ulong.MaxValue - 8 })
            {
                header.DataPointer = bad;
                Assert.Equal(Errno.None, sender.Bare.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header))));
                Assert.Equal(Errno.EFAULT, sender.Bare.Send(out _));
                Assert.Equal(Errno.ENOMSG, sender.Bare.Send(out _));
            }
        }
        finally
        {
            Marshal.FreeHGlobal(name);
            Marshal.FreeHGlobal(data);
        }
    });

    [Fact]
    public Task Writing_nonsense_loses_the_message_under_construction() => Limited.Run(() =>
    {
        Ksock sender = Open();
        byte[] good = new Announcement("$.Fred", "abc").ToBytes();
        Assert.Equal(Errno.ENOMSG, sender.Bare.Send(out _));
        Assert.Equal(Errno.None, sender.Bare.Write(default));
        Assert.Equal(Errno.EINVAL, sender.Bare.Send(out _));
        Assert.Equal(Errno.None, sender.Bare.Write(good.AsSpan(0, 100)));
        Assert.Equal(Errno.EINVAL, sender.Bare.Send(out _));
        Assert.Equal(Errno.ENOMSG, sender.Bare.Send(out _));
        Assert.Equal(Errno.EINVAL, sender.Bare.Write(new byte[88]));
        Assert.Equal(Errno.ENOMSG, sender.Bare.Send(out _));
        Assert.Equal(Errno.EMSGSIZE, sender.Bare.Write([.. good, 0]));
        Assert.Equal(Errno.EBADMSG, sender.Bare.Write(new Message("$.a*").ToBytes()));
        Assert.Equal(Errno.None, sender.Bare.Write(good));
        Assert.Equal(Errno.None, sender.Bare.Discard());
        Assert.Equal(Errno.ENOMSG, sender.Bare.Send(out _));
        Assert.Equal(Errno.None, sender.Bare.MaxMessageSize(100, out _));
        Assert.Equal(Errno.EMSGSIZE, sender.Bare.Write(good));
    });

    [Fact]
    public Task Writing_while_a_message_waits_leaves_it_waiting() => Limited.Run(() =>
    {
        Ksock full = OpenFullListener("$.Full");
        Ksock sender = Open();
        Assert.Equal(Errno.None, sender.Bare.Write(Patient().ToBytes()));
        Assert.Equal(Errno.EAGAIN, sender.Bare.Send(out MessageId id));
        Assert.Equal(Errno.EALREADY, sender.Bare.Write("x"u8));
        Assert.Equal(Errno.EALREADY, sender.Bare.Write(default));
        Assert.Equal(Errno.None, sender.Bare.Poll(out bool readable, out bool writable));
        Assert.Equal((false, false), (readable, writable));
        Assert.Equal(Errno.EAGAIN, sender.Bare.Send(out MessageId again));
        Assert.Equal(id, again);
        Assert.Equal(["filler"], Texts(full));
        Assert.Equal(Errno.None, sender.Bare.Poll(out readable, out writable));
        Assert.Equal((false, true), (readable, writable));
        Assert.Equal(["patient"], Texts(full));
    });

    [Fact]
    public Task The_bare_level_asks_and_sets_like_the_ioctls() => Limited.Run(() =>
    {
        Ksock ksock = Open();
        Assert.Equal(Errno.None, ksock.Bare.Bind("$.Q"u8, replier: true));
        Assert.Equal(Errno.EADDRINUSE, ksock.Bare.Bind("$.Q"u8, replier: true));
        Assert.Equal(Errno.None, ksock.Bare.FindReplier("$.Q"u8, out uint replier));
        Assert.Equal(ksock.Id, replier);
        Assert.Equal(Errno.None, ksock.Bare.MaxMessages(7, out uint max));
        Assert.Equal(7u, max);
        Assert.Equal(Errno.None, ksock.Bare.OnlyOnce(1, out uint once));
        Assert.Equal(Errno.None, ksock.Bare.OnlyOnce(uint.MaxValue, out once));
        Assert.Equal(1u, once);
        Assert.Equal(Errno.EINVAL, ksock.Bare.OnlyOnce(2, out _));
        Assert.Equal(Errno.EINVAL, ksock.Bare.Verbose(2, out _));
        Assert.Equal(Errno.EINVAL, ksock.Bare.ReportReplierBinds(2, out _));
        Assert.Equal(Errno.None, ksock.Bare.ReportReplierBinds(1, out uint reported));
        Assert.Equal(0u, reported);
        Assert.Equal(Errno.None, ksock.Bare.NumMessages(out uint count));
        Assert.Equal(1u, count);
        Assert.Equal(Errno.None, ksock.Bare.UnrepliedTo(out uint unreplied));
        Assert.Equal(0u, unreplied);
        Assert.Equal(Errno.None, ksock.Bare.Poll(out bool readable, out bool writable));
        Assert.Equal((true, true), (readable, writable));
        Assert.Equal(Errno.None, ksock.Bare.NextMessage(out int length));
        Assert.True(length > 0);
        Assert.Equal(Errno.None, ksock.Bare.NextMessage(out length));
        Assert.Equal(0, length);
        Assert.Equal(Errno.None, ksock.Bare.Unbind("$.Q"u8, replier: true));
        Assert.Equal(Errno.EINVAL, ksock.Bare.Unbind("$.Q"u8, replier: true));
    });
}

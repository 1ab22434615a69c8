using System.Runtime.InteropServices;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>Every call that a program can make on a device file, good or bad. Spec sections 3, 7 and 8.</summary>
public sealed class CallTests
{
    private const nint Nowhere = 0x10;

    [Fact]
    public Task Commands_that_are_not_a_Ksocks_give_ENOTTY() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock ksock = PlainKsock.Open(daemon);
        uint[] commands = [0x00006B00, 0x00006B13, 0x80086B13, 0x00006C01, 0x40046B02, 0xC0086B02, 0x80046B04, 0x40086B04, 0x00006B04, 0x5401];
        Span<uint> words = stackalloc uint[4];
        foreach (uint command in commands)
        {
            Assert.Equal((command, Errno.ENOTTY), (command, (Errno)(-PlainCalls.Ioctl(ksock.File, command, words))));
        }

        // A report is a file without any.
        using PlainKsock report = PlainKsock.Open(Path.Join(daemon.Directory, "dev", "stats"), PlainKsock.ReadOnly);
        Assert.Equal(Errno.ENOTTY, (Errno)(-PlainCalls.Ioctl(report.File, 0x80086B04, words)));
    });

    [Fact]
    public Task Bad_pointers_give_EFAULT_and_do_no_harm() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock ksock = PlainKsock.Open(daemon);
        foreach (uint command in (uint[])[0x40086B02, 0x40086B03, 0xC0086B05, 0x80086B04, 0x80086B08, 0xC0086B0B])
        {
            foreach (nint argument in (nint[])[0, Nowhere])
            {
                // SEND has its own error first; here a message is there to be sent.
                Assert.True(ksock.Write(WireForm.Entire(PlainKsock.Message("$.A"))) > 0);
                Assert.Equal((command, Errno.EFAULT), (command, (Errno)(-PlainCalls.Ioctl(ksock.File, command, argument))));
                Assert.Equal(Errno.None, ksock.Discard());
            }
        }

        Span<uint> bad = [0, 3, (uint)Nowhere, 0], tooLong = [0, 1001, (uint)Nowhere, 0], empty = [0, 0, (uint)Nowhere, 0];
        foreach (uint command in (uint[])[0x40086B02, 0x40086B03, 0xC0086B05])
        {
            Assert.Equal(Errno.EFAULT, (Errno)(-PlainCalls.Ioctl(ksock.File, command, bad)));
            Assert.Equal(Errno.ENAMETOOLONG, (Errno)(-PlainCalls.Ioctl(ksock.File, command, tooLong)));
            Assert.Equal(command == 0xC0086B05 ? Errno.ENAMETOOLONG : Errno.EBADMSG, (Errno)(-PlainCalls.Ioctl(ksock.File, command, empty)));
        }

        // Nothing came of all that, but for the ids of the messages that were sent before their id could not be told.
        Assert.Equal(Errno.None, ksock.Bind("$.A"));
        Assert.Equal(Errno.None, ksock.Send("$.A", "x"u8));
        Assert.Equal("x"u8, ksock.Next()!.Data);
    });

    [Fact]
    public Task Bad_pointers_in_a_pointy_message_give_EFAULT_when_it_is_sent() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock ksock = PlainKsock.Open(daemon);
        Assert.Equal(Errno.None, ksock.Bind("$.*"));
        nint name = Marshal.StringToCoTaskMemUTF8("$.A"), data = Marshal.StringToCoTaskMemUTF8("data");
        TraceMessage message = PlainKsock.Message("$.A", "data"u8);
        foreach ((nint at, nint from) in (ReadOnlySpan<(nint, nint)>)[(Nowhere, data), (name, Nowhere), (unchecked((nint)0xFFFFFFFFFFFFF000), data), (name, -8)])
        {
            Assert.Equal(88, ksock.WritePointy(message, at, from));
            Assert.Equal(Errno.EFAULT, ksock.Send(out _));
            Assert.Equal(Errno.ENOMSG, ksock.Send(out _));
        }

        Assert.Equal(88, ksock.WritePointy(message, name, data));
        Assert.Equal(Errno.None, ksock.Send(out _));
        Assert.Equal("data"u8, ksock.Next()!.Data);
        Assert.Null(ksock.Next());
        Marshal.FreeCoTaskMem(name);
        Marshal.FreeCoTaskMem(data);
    });

    [Fact]
    public Task The_mode_of_opening_limits_reading_and_writing_and_nothing_else() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock reader = PlainKsock.Open(daemon, 0, PlainKsock.ReadOnly), writer = PlainKsock.Open(daemon, 0, PlainKsock.WriteOnly);
        Assert.Equal(Errno.EBADF, (Errno)(-reader.Write("x"u8)));
        Assert.Equal(Errno.ENOMSG, reader.Send(out _));
        Assert.Equal(Errno.None, reader.Bind("$.A", replier: true));
        Assert.Equal(Errno.None, writer.Bind("$.A"));
        Assert.Equal(Errno.None, writer.Send("$.A"));
        Assert.Equal(Errno.EBADF, (Errno)(-PlainCalls.Read(writer.File, new byte[1])));
        Assert.Equal(0, PlainCalls.Poll(reader.File, PlainKsock.In | PlainKsock.Out, 0));
        Assert.Equal(PlainKsock.In | PlainKsock.Out, PlainCalls.Poll(writer.File, PlainKsock.In | PlainKsock.Out, 0));
        Assert.Equal(5u, reader.SetMaxMessages(5));
        Assert.Equal(0, PlainCalls.Read(reader.File, new byte[1]));
    });

    [Fact]
    public Task A_new_bus_has_its_file_at_once() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        string next = Path.Join(daemon.Directory, "dev", "kbus1");
        Assert.Equal(-(int)Errno.ENOENT, PlainCalls.Open(next, PlainKsock.ReadWrite));
        using PlainKsock ksock = PlainKsock.Open(daemon);
        Assert.Equal(1u, ksock.NewDevice());
        using PlainKsock other = PlainKsock.Open(next);
        Assert.Equal(1u, other.Id);
        Assert.Equal(["bindings", "kbus0", "kbus1", "stats"], Directory.EnumerateFiles(Path.GetDirectoryName(next)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    });

    [Fact]
    public Task There_can_be_256_buses_and_not_one_more() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start("--buses", "250");
        using PlainKsock ksock = PlainKsock.Open(daemon, 249);
        for (uint number = 250; number < 256; number++)
        {
            Assert.Equal(number, ksock.NewDevice());
        }

        Assert.Equal(Errno.EINVAL, (Errno)(-PlainCalls.Ioctl(ksock.File, 0x80086B10, stackalloc uint[2])));
        Assert.Equal(258, Directory.EnumerateFiles(Path.Join(daemon.Directory, "dev")).Count());
        Assert.Equal(256, File.ReadAllLines(Path.Join(daemon.Directory, "dev", "bindings")).Length);
    });

    [Fact]
    public Task A_file_may_be_opened_as_if_it_were_to_be_made_or_emptied() => Devices.Run(() =>
    {
        const int create = 0x40, truncate = 0x200;
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock ksock = PlainKsock.Open(daemon, 0, PlainKsock.ReadWrite | create | truncate);
        Assert.Equal(Errno.None, ksock.Bind("$.A"));
        Assert.Equal(Errno.None, ksock.Send("$.A"));
        Assert.NotNull(ksock.Next());
    });

    [Fact]
    public Task A_message_may_be_written_and_read_byte_by_byte() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock ksock = PlainKsock.Open(daemon);
        Assert.Equal(Errno.None, ksock.Bind("$.Bytes"));
        foreach (byte one in WireForm.Entire(PlainKsock.Message("$.Bytes", "one by one"u8)))
        {
            Assert.Equal(0u, ksock.Waiting);
            Assert.Equal(1, ksock.Write([one]));
        }

        Assert.Equal(Errno.None, ksock.Send(out MessageId id));
        Assert.Equal(new MessageId(0, 1), id);
        Assert.Equal("one by one"u8, ksock.Next(atOnce: 1)!.Data);
    });

    [Fact]
    public Task Messages_longer_than_the_kernel_passes_at_once_arrive_whole() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock sender = PlainKsock.Open(daemon), listener = PlainKsock.Open(daemon);
        Assert.Equal(5_000_000u, sender.SetMaxMessageSize(5_000_000));
        Assert.Equal(Errno.None, listener.Bind("$.Big"));
        byte[] data = new byte[4_500_001];
        new Random(1).NextBytes(data);
        Assert.Equal(Errno.None, sender.Send("$.Big", data));
        Assert.Equal(data, listener.Next()!.Data);

        // The other form: the bus fetches the bytes from where they are.
        nint name = Marshal.StringToCoTaskMemUTF8("$.Big");
        unsafe
        {
            fixed (byte* start = data)
            {
                Assert.Equal(88, sender.WritePointy(PlainKsock.Message("$.Big", data), name, (nint)start));
                Assert.Equal(Errno.None, sender.Send(out _));
            }
        }

        Marshal.FreeCoTaskMem(name);
        Assert.Equal(data, listener.Next()!.Data);
        Assert.Equal(Errno.EMSGSIZE, (Errno)(-sender.Write(WireForm.Entire(PlainKsock.Message("$.Big", new byte[5_000_000])))));
    });

    [Fact]
    public Task What_closing_changed_is_seen_by_the_next_call() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock observer = PlainKsock.Open(daemon);
        for (int round = 0; round < 3; round++)
        {
            List<PlainKsock> many = [];
            for (int i = 0; i < 200; i++)
            {
                many.Add(PlainKsock.Open(daemon));
                Assert.Equal(Errno.None, many[i].Bind($"$.Many.N{i}", replier: true));
            }

            many.ForEach(k => k.Dispose());
            Assert.Equal(0u, observer.FindReplier("$.Many.N199"));
            Assert.Single(File.ReadAllLines(Path.Join(daemon.Directory, "dev", "bindings")));
        }
    });

    [Fact]
    public Task Descriptors_that_dup_makes_are_one_Ksock() => Devices.Run(() =>
    {
        using DaemonProcess daemon = Devices.Start();
        using PlainKsock observer = PlainKsock.Open(daemon);
        var first = PlainKsock.Open(daemon);
        using var second = new PlainKsock(PlainCalls.Duplicate(first.File));
        uint id = first.Id;
        Assert.Equal(id, second.Id);
        Assert.Equal(Errno.None, first.Bind("$.Shared", replier: true));
        first.Dispose();
        Assert.Equal(id, observer.FindReplier("$.Shared"));
        second.Dispose();
        Assert.Equal(0u, observer.FindReplier("$.Shared"));
    });
}

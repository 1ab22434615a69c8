using System.Text;

namespace Kbus.Linux.Tests;

public sealed class LibCTests
{
    [Fact]
    public void A_failed_call_returns_its_errno()
    {
        Check.Fails(Errno.EBADF, LibC.Close(1_000_000));
        Check.Fails(Errno.EBADF, LibC.Send(1_000_000, [1], 0));
        Check.Fails(Errno.ENOENT, LibC.Unlink("/nowhere/at/all"));
    }

    [Fact]
    public void Descriptors_pass_over_a_socket_and_stand_for_the_same_open_file()
    {
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int a, out int b));
        using var first = new Descriptor(a);
        using var second = new Descriptor(b);
        using var file = new Descriptor(Check.Ok(LibC.CreateMemoryFile("test")));
        using var counter = new Descriptor(Check.Ok(LibC.CreateEvent()));
        Assert.Equal(3, LibC.SendMessage(a, "abc"u8, [file.Number, counter.Number], 0));

        Span<byte> bytes = stackalloc byte[16];
        Span<int> passed = stackalloc int[2];
        Assert.Equal(3, LibC.ReceiveMessage(b, bytes, passed, LibC.MessageDontWait, out int count));
        Assert.Equal(2, count);
        Assert.Equal("abc", Encoding.ASCII.GetString(bytes[..3]));
        using var passedFile = new Descriptor(passed[0]);
        using var passedCounter = new Descriptor(passed[1]);
        Check.Ok(LibC.Truncate(passedFile.Number, 12345));
        Assert.Equal(12345, LibC.FileSize(file.Number));
        Check.Ok(LibC.SignalEvent(passedCounter.Number));
        Assert.Equal(LibC.PollIn, LibC.Poll(counter.Number, LibC.PollIn, 0));
    }

    [Fact]
    public void More_descriptors_than_expected_are_all_closed_and_refused()
    {
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int a, out int b));
        using var first = new Descriptor(a);
        using var second = new Descriptor(b);
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int passedEnd, out int keptEnd));
        using var passed = new Descriptor(passedEnd);
        using var kept = new Descriptor(keptEnd);
        Check.Ok(LibC.SendMessage(a, [1], [passedEnd, passedEnd, passedEnd], 0));
        passed.Dispose();

        Check.Fails(Errno.EMSGSIZE, LibC.ReceiveMessage(b, new byte[4], new int[2], LibC.MessageDontWait, out int count));
        Assert.Equal(0, count);
        Assert.True(PeerSocket.HasHungUp(keptEnd), "a passed descriptor was left open");
    }

    [Fact]
    public void Too_long_and_abstract_paths_are_refused()
    {
        using var socket = new Descriptor(Check.Ok(LibC.StreamSocket(blocking: false)));
        Check.Fails(Errno.ENAMETOOLONG, LibC.Bind(socket.Number, "/nowhere/" + new string('x', LibC.LongestSocketPath)));
        Check.Fails(Errno.EINVAL, LibC.Bind(socket.Number, "\0name"));
        Check.Fails(Errno.EINVAL, LibC.Connect(socket.Number, string.Empty));
    }

    [Fact]
    public void A_connection_tells_who_connected()
    {
        using var folder = new RuntimeFolder();
        Check.Ok(UnixSocket.Listen(folder.File("bus"), 4, 0x1B6, out Descriptor? listener));
        using (listener)
        {
            Check.Ok(UnixSocket.Connect(folder.File("bus"), Deadline.After(TimeSpan.FromSeconds(5)), out Descriptor? client));
            using var connected = client!;
            using var accepted = new Descriptor(Check.Ok(LibC.Accept(listener!.Number)));
            Check.Ok(LibC.PeerCredentials(accepted.Number, out PeerCredentials peer));
            Assert.Equal(LibC.ProcessId(), peer.ProcessId);
            Assert.Equal(LibC.UserId(), peer.UserId);
            using var pidfd = new Descriptor(Check.Ok(LibC.PeerPidfd(accepted.Number)));
            Check.Ok(LibC.PidfdSendSignal(pidfd.Number, 0));
            Assert.Equal(0, LibC.Poll(pidfd.Number, LibC.PollIn, 0));
            Assert.Equal(LibC.Again, LibC.Accept(listener.Number));
        }
    }

    [Fact]
    public void A_full_listener_makes_a_connect_time_out()
    {
        using var folder = new RuntimeFolder();
        Check.Ok(UnixSocket.Listen(folder.File("bus"), 0, 0x1B6, out Descriptor? listener));
        using var listening = listener!;
        var waiting = new List<Descriptor>();
        try
        {
            int result = 0;
            while (result == 0 && waiting.Count < 10)
            {
                result = UnixSocket.Connect(folder.File("bus"), Deadline.After(TimeSpan.FromMilliseconds(20)), out Descriptor? client);
                if (client is not null)
                {
                    waiting.Add(client);
                }
            }

            Assert.Equal(LibC.TimedOut, result);
        }
        finally
        {
            waiting.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public void Nobody_answers_at_a_path_without_a_listener()
    {
        using var folder = new RuntimeFolder();
        Check.Fails(Errno.ENOENT, UnixSocket.Connect(folder.File("bus"), Deadline.Passed, out _));
        Check.Ok(UnixSocket.Listen(folder.File("bus"), 4, 0x1B6, out Descriptor? listener));
        listener!.Dispose();
        Check.Fails(Errno.ECONNREFUSED, UnixSocket.Connect(folder.File("bus"), Deadline.Passed, out _));
        Check.Fails(Errno.EADDRINUSE, UnixSocket.Listen(folder.File("bus"), 4, 0x1B6, out _));
    }

    [Fact]
    public void An_epoll_set_reports_each_ring_of_an_event_counter_that_only_the_other_side_still_holds()
    {
        using var epoll = new Descriptor(Check.Ok(LibC.CreateEpoll()));
        using var events = new EpollEvents(8);
        var ours = new Descriptor(Check.Ok(LibC.CreateEvent()));
        using var theirs = new Descriptor(Check.Ok(LibC.Duplicate(ours.Number)));
        Check.Ok(LibC.EpollAdd(epoll.Number, ours.Number, LibC.EpollIn | LibC.EpollEdgeTriggered, 0xABCDEF0123456789));
        ours.Dispose();
        Assert.Equal(0, LibC.EpollWait(epoll.Number, events, 0));
        for (int i = 0; i < 3; i++)
        {
            Check.Ok(LibC.SignalEvent(theirs.Number));
            Assert.Equal(1, LibC.EpollWait(epoll.Number, events, 1_000_000_000));
            Assert.Equal(LibC.EpollIn, events.Events(0));
            Assert.Equal(0xABCDEF0123456789, events.Data(0));
            Assert.Equal(0, LibC.EpollWait(epoll.Number, events, 1000));
        }
    }

    [Fact]
    public void An_epoll_set_reports_several_descriptors_with_their_own_data()
    {
        using var epoll = new Descriptor(Check.Ok(LibC.CreateEpoll()));
        using var events = new EpollEvents(4);
        Descriptor[] counters = [.. Enumerable.Range(0, 3).Select(_ => new Descriptor(Check.Ok(LibC.CreateEvent())))];
        for (int i = 0; i < counters.Length; i++)
        {
            Check.Ok(LibC.EpollAdd(epoll.Number, counters[i].Number, LibC.EpollIn, ulong.MaxValue - (ulong)i));
            Check.Ok(LibC.SignalEvent(counters[i].Number));
        }

        Assert.Equal(3, LibC.EpollWait(epoll.Number, events, LibC.Forever));
        ulong[] data = [.. Enumerable.Range(0, 3).Select(events.Data).Order()];
        Assert.Equal([ulong.MaxValue - 2, ulong.MaxValue - 1, ulong.MaxValue], data);
        Check.Ok(LibC.EpollRemove(epoll.Number, counters[0].Number));
        Check.Ok(LibC.EpollChange(epoll.Number, counters[1].Number, 0, 5));
        Assert.Equal(1, LibC.EpollWait(epoll.Number, events, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => events.Data(4));
        Array.ForEach(counters, counter => counter.Dispose());
    }

    [Fact]
    public unsafe void A_futex_sleeps_only_while_the_word_has_the_expected_value()
    {
        uint word = 5;
        Assert.Equal(LibC.Again, LibC.FutexWait(&word, 4, LibC.Forever));
        Assert.Equal(LibC.TimedOut, LibC.FutexWait(&word, 5, 1_000_000));
        Assert.Equal(0, LibC.FutexWake(&word, 1));
    }

    [Fact]
    public void A_memory_file_keeps_its_seals()
    {
        using var file = new Descriptor(Check.Ok(LibC.CreateMemoryFile("test")));
        Check.Ok(LibC.Truncate(file.Number, 8192));
        Check.Ok(LibC.PunchHole(file.Number, 0, 4096));
        Check.Ok(LibC.AddSeals(file.Number, LibC.SealShrink | LibC.SealGrow | LibC.SealSeal));
        Assert.Equal(LibC.SealShrink | LibC.SealGrow | LibC.SealSeal, LibC.GetSeals(file.Number));
        Check.Fails(Errno.EPERM, LibC.Truncate(file.Number, 4096));
        Check.Fails(Errno.EPERM, LibC.Truncate(file.Number, 16384));
        Check.Fails(Errno.EPERM, LibC.AddSeals(file.Number, LibC.SealFutureWrite));
    }

    [Fact]
    public void A_lock_file_is_locked_by_one_opening_at_a_time()
    {
        using var folder = new RuntimeFolder();
        const int Flags = LibC.OpenCreate | LibC.OpenReadWrite;
        using var first = new Descriptor(Check.Ok(LibC.Open(folder.File("lock"), Flags, 0x180)));
        using var second = new Descriptor(Check.Ok(LibC.Open(folder.File("lock"), Flags, 0x180)));
        Check.Ok(LibC.Lock(first.Number, LibC.LockExclusive | LibC.LockNonBlocking));
        Assert.Equal(LibC.Again, LibC.Lock(second.Number, LibC.LockExclusive | LibC.LockNonBlocking));
        first.Dispose();
        Check.Ok(LibC.Lock(second.Number, LibC.LockExclusive | LibC.LockNonBlocking));
        Assert.Equal(3, LibC.Write(second.Number, "abc"u8));
    }

    [Fact]
    public void The_limit_of_open_files_can_be_read_and_set_to_what_it_is()
    {
        Check.Ok(LibC.OpenFileLimit(out ulong now, out ulong most));
        Assert.InRange(now, 1ul, most);
        Check.Ok(LibC.SetOpenFileLimit(now, most));
    }

    /// <summary>One that calls select() writes beyond its sets with a descriptor of a higher number.</summary>
    [Fact]
    public void A_program_is_run_with_the_usual_limit_of_descriptors_and_the_limit_comes_back()
    {
        Check.Ok(LibC.OpenFileLimit(out ulong before, out ulong most));
        Assert.SkipUnless(most > 1024, "the limit cannot be raised here");
        Check.Ok(LibC.SetOpenFileLimit(most, most));
        try
        {
            Assert.True(LibC.RunFromPath("sh", "-c", "test $(ulimit -n) -le 1024"));
            Assert.False(LibC.RunFromPath("sh", "-c", "exit 3"));
            ulong inside = 0;
            LibC.WithUsualOpenFiles(() => _ = LibC.OpenFileLimit(out inside, out _));
            Assert.Equal(1024ul, inside);
            Check.Ok(LibC.OpenFileLimit(out ulong after, out _));
            Assert.Equal(most, after);
        }
        finally
        {
            Check.Ok(LibC.SetOpenFileLimit(before, most));
        }
    }

    [Fact]
    public void The_memory_of_a_process_is_read_whole_or_not_at_all()
    {
        byte[] from = [1, 2, 3];
        byte[] to = new byte[3];
        unsafe
        {
            fixed (byte* start = from)
            {
                Check.Ok(LibC.ReadMemory(LibC.ProcessId(), (ulong)start, to));
            }
        }

        Assert.Equal(from, to);
        Check.Fails(Errno.EFAULT, LibC.ReadMemory(LibC.ProcessId(), 16, to));
    }

    [Fact]
    public void A_non_blocking_socket_can_be_made_blocking_and_back()
    {
        Check.Ok(LibC.StreamSocketPair(blocking: true, out int a, out int b));
        using var first = new Descriptor(a);
        using var second = new Descriptor(b);
        Check.Ok(LibC.SetBlocking(a, blocking: false));
        Assert.Equal(LibC.Again, LibC.Receive(a, new byte[1], 0));
        Check.Ok(LibC.SetBlocking(a, blocking: false));
        Check.Ok(LibC.SetBlocking(a, blocking: true));
        Check.Ok(LibC.Shutdown(b));
        Assert.Equal(0, LibC.Receive(a, new byte[1], 0));
        Check.Fails(Errno.EPIPE, LibC.Send(a, [1], 0));
    }
}

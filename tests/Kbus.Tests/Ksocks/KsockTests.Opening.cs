namespace Kbus.Tests;

public abstract partial class KsockTests
{
    [Fact]
    public Task Ksocks_are_numbered_from_1_and_printed_as_in_the_paper() => Limited.Run(() =>
    {
        Ksock first = Open();
        Ksock second = Open(KsockMode.Read);
        Ksock third = Open(KsockMode.Write);
        Assert.Equal("Ksock device 0, id 1, mode read/write", first.ToString());
        Assert.Equal("Ksock device 0, id 2, mode read", second.ToString());
        Assert.Equal("Ksock device 0, id 3, mode write", third.ToString());
        Assert.Equal((1u, 0u, KsockMode.ReadWrite), (first.Id, first.Device, first.Mode));
    });

    [Fact]
    public Task A_closed_Ksock_says_so_and_refuses_everything() => Limited.Run(() =>
    {
        Ksock ksock = Open();
        ksock.Dispose();
        ksock.Dispose();
        Assert.True(ksock.IsClosed);
        Assert.False(ksock.IsSending);
        Assert.Equal("Ksock device 0 (closed)", ksock.ToString());
        Assert.Throws<ObjectDisposedException>(() => ksock.Bind("$.A"));
        Assert.Throws<ObjectDisposedException>(() => ksock.Unbind("$.A"));
        Assert.Throws<ObjectDisposedException>(() => ksock.Send(new Announcement("$.A")));
        Assert.Throws<ObjectDisposedException>(() => ksock.TrySend(new Announcement("$.A"), out _, out _));
        Assert.Throws<ObjectDisposedException>(() => ksock.ReadNextMessage());
        Assert.Throws<ObjectDisposedException>(() => ksock.WaitForMessage());
        Assert.Throws<ObjectDisposedException>(() => ksock.Request(new Request("$.A")));
        Assert.Throws<ObjectDisposedException>(() => ksock.MaxMessages);
        Assert.Throws<ObjectDisposedException>(() => ksock.GetDescriptor());
        Assert.Throws<ObjectDisposedException>(() => ksock.LastSentId);
        Assert.Equal(Errno.EBADF, ksock.Bare.Write("x"u8));
        Assert.Equal(Errno.EBADF, ksock.Bare.Send(out _));
        Assert.Equal(Errno.EBADF, ksock.Bare.Read(new byte[1], out _));
        Assert.Equal(Errno.EBADF, ksock.Bare.LastSent(out _));
    });

    [Fact]
    public Task A_bus_that_does_not_exist_cannot_be_opened() => Limited.Run(() =>
    {
        using Ksock any = Open();
        Assert.Equal(Errno.ENOENT, ErrnoOf(() => Open(device: 7)));
    });

    [Fact]
    public Task Buses_know_nothing_of_each_other() => Limited.Run(() =>
    {
        StartWith(new Core.BusOptions(), buses: 2);
        Ksock here = OpenListener("$.*");
        Ksock there = Open(device: 1);
        there.Bind("$.*");
        there.SetMaxMessageSize(200);
        Assert.Equal(1u, there.Id);
        Assert.Equal(new MessageId(0, 1), here.Send(new Announcement("$.Here", new byte[300])));
        Assert.Equal(new MessageId(0, 1), there.Send(new Announcement("$.There")));
        Assert.Equal("$.Here", Assert.Single(here.ReadAvailable()).Name);
        Assert.Equal("$.There", Assert.Single(there.ReadAvailable()).Name);
    });

    [Fact]
    public Task A_new_bus_gets_the_next_number() => Limited.Run(() =>
    {
        Ksock ksock = Open();
        Assert.Equal(1u, ksock.NewDevice());
        Assert.Equal("Ksock device 1, id 1, mode read/write", Open(device: 1).ToString());
        Assert.Equal(Errno.None, ksock.Bare.NewDevice(out uint device));
        Assert.Equal(2u, device);
    });

    [Fact]
    public Task Closing_a_Ksock_wakes_who_waits_on_it() => Limited.Run(async () =>
    {
        Ksock ksock = Open();
        using var replier = OpenReplier("$.Never");
        var started = new CountdownEvent(2);
        Task reading = Task.Run(() => Assert.Throws<ObjectDisposedException>(() => Starting(started, () => ksock.WaitForMessage())));
        Task asking = Task.Run(() => Assert.Throws<ObjectDisposedException>(() => Starting(started, () => ksock.Request(new Request("$.Never")))));
        Task readingAsync = Assert.ThrowsAsync<ObjectDisposedException>(() => ksock.ReceiveAsync().AsTask());
        Task askingAsync = Assert.ThrowsAsync<ObjectDisposedException>(() => ksock.RequestAsync(new Request("$.Never")));
        started.Wait();
        Assert.NotNull(replier.WaitForMessage());
        Assert.NotNull(replier.WaitForMessage());
        ksock.Dispose();
        await Task.WhenAll(reading, asking, readingAsync, askingAsync);
    });

    private static T Starting<T>(CountdownEvent started, Func<T> call)
    {
        started.Signal();
        return call();
    }
}

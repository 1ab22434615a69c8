namespace Kbus.Linux.Tests;

/// <summary>Files and sockets by the descriptor of their directory.</summary>
public sealed class DirectoryTests
{
    private const int Directory = LibC.OpenPathOnly;

    [Fact]
    public void A_socket_is_made_in_the_very_directory_wherever_its_path_leads_by_then()
    {
        using var folder = new RuntimeFolder();
        string place = folder.File("place");
        System.IO.Directory.CreateDirectory(place);
        using var directory = new Descriptor(Check.Ok(LibC.Open(place, Directory, 0)));
        System.IO.Directory.Move(place, folder.File("moved"));
        System.IO.Directory.CreateDirectory(place);
        Check.Ok(UnixSocket.Listen(directory.Number, "bus0", 4, 0x1B0, out Descriptor? listener, out FileStatus status));
        using (listener)
        {
            Assert.Equal([folder.File("moved/bus0")], System.IO.Directory.GetFileSystemEntries(folder.File("moved")));
            Assert.Empty(System.IO.Directory.GetFileSystemEntries(place));
            Check.Ok(LibC.StatusAt(directory.Number, "bus0", out FileStatus found));
            Assert.True(found is { IsSocket: true, Permissions: 0x1B0 });
            Assert.True(found.IsSame(status));
            Check.Ok(UnixSocket.ConnectAt(directory.Number, "bus0", out Descriptor? connection));
            connection!.Dispose();
            Check.Fails(Errno.EADDRINUSE, UnixSocket.Listen(directory.Number, "bus0", 4, 0x1B0, out _, out _));
        }

        Check.Fails(Errno.ECONNREFUSED, UnixSocket.ConnectAt(directory.Number, "bus0", out _));
        Check.Ok(LibC.UnlinkAt(directory.Number, "bus0"));
        Check.Fails(Errno.ENOENT, UnixSocket.ConnectAt(directory.Number, "bus0", out _));
    }

    [Fact]
    public void No_link_is_followed()
    {
        using var folder = new RuntimeFolder();
        using var directory = new Descriptor(Check.Ok(LibC.Open(folder.File("."), Directory, 0)));
        File.CreateSymbolicLink(folder.File("link"), folder.File("target"));
        Check.Fails(Errno.ELOOP, LibC.OpenAt(directory.Number, "link", LibC.OpenReadWrite | LibC.OpenCreate, 0x180));
        Check.Ok(LibC.StatusAt(directory.Number, "link", out FileStatus status));
        Assert.True(status is { IsLink: true, IsSocket: false, IsRegular: false });
        Assert.False(File.Exists(folder.File("target")));
    }

    [Fact]
    public void A_socket_knows_its_path_and_whether_it_listens()
    {
        using var folder = new RuntimeFolder();
        Check.Ok(UnixSocket.Listen(folder.File("bus0"), 4, 0x1B6, out Descriptor? listener));
        using (listener)
        {
            Assert.Equal(folder.File("bus0"), LibC.SocketPath(listener!.Number));
            Assert.True(LibC.IsListeningUnixSocket(listener.Number));
        }

        Check.Ok(LibC.StreamSocketPair(blocking: false, out int first, out int second));
        using var one = new Descriptor(first);
        using var other = new Descriptor(second);
        Assert.Null(LibC.SocketPath(first));
        Assert.False(LibC.IsListeningUnixSocket(first));
    }
}

namespace Kbus.Linux;

/// <summary>Making and reaching the Unix sockets that links begin with.</summary>
internal static class UnixSocket
{
    private const int EveryoneMayConnect = 0x1B6;

    /// <summary>Listens at a path that must not exist yet. Zero or <c>-errno</c>.</summary>
    /// <param name="path">The path, at most <see cref="LibC.LongestSocketPath"/> bytes.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="mode">Permissions of the socket file.</param>
    /// <param name="listener">A socket that does not block.</param>
    public static int Listen(string path, int backlog, int mode, out Descriptor? listener)
    {
        listener = null;
        int number = LibC.StreamSocket(blocking: false);
        if (number < 0)
        {
            return number;
        }

        var socket = new Descriptor(number);
        int result = LibC.Bind(number, path);
        if (result >= 0)
        {
            // Before listen: nobody can connect while the permissions are still those of the umask.
            result = LibC.ChangeMode(path, mode & EveryoneMayConnect);
            if (result >= 0)
            {
                result = LibC.Listen(number, backlog);
            }

            if (result < 0)
            {
                _ = LibC.Unlink(path);
            }
        }

        if (result < 0)
        {
            socket.Dispose();
            return result;
        }

        listener = socket;
        return 0;
    }

    /// <summary>Listens in a directory under a name that must not exist yet, wherever the directory's path leads by now. Zero or <c>-errno</c>.</summary>
    /// <param name="directory">The directory's descriptor.</param>
    /// <param name="name">The name.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="mode">Permissions of the socket file.</param>
    /// <param name="listener">A socket that does not block.</param>
    /// <param name="status">Which file it is. No other gets its inode while the socket is open.</param>
    public static int Listen(int directory, string name, int backlog, int mode, out Descriptor? listener, out FileStatus status)
    {
        listener = null;
        status = default;
        int number = LibC.StreamSocket(blocking: false);
        if (number < 0)
        {
            return number;
        }

        var socket = new Descriptor(number);
        int result = LibC.Bind(number, Path.Join(LibC.PathOf(directory), name));
        if (result >= 0)
        {
            result = Prepare(directory, name, mode, out status);
            result = result < 0 ? result : LibC.Listen(number, backlog);
            if (result < 0)
            {
                _ = LibC.UnlinkAt(directory, name);
            }
        }

        if (result < 0)
        {
            socket.Dispose();
            return result;
        }

        listener = socket;
        return 0;
    }

    /// <summary>Connects to a socket in a directory, without waiting. Zero or <c>-errno</c>: ECONNREFUSED when nobody listens, ETIMEDOUT when it is busy.</summary>
    public static int ConnectAt(int directory, string name, out Descriptor? connection) =>
        Connect(Path.Join(LibC.PathOf(directory), name), Deadline.Passed, out connection);

    /// <summary>Connects to a path. Zero or <c>-errno</c>: ENOENT or ECONNREFUSED when nobody listens, ETIMEDOUT.</summary>
    /// <param name="path">The path.</param>
    /// <param name="deadline">How long a listener that is too busy to accept is waited for.</param>
    /// <param name="connection">A socket that does not block.</param>
    public static int Connect(string path, Deadline deadline, out Descriptor? connection)
    {
        connection = null;
        while (true)
        {
            // Blocking, because no poll tells when a listener whose queue is full has room again; and a new one each time, because a
            // socket whose connect was interrupted is not used again.
            int number = LibC.StreamSocket(blocking: true);
            if (number < 0)
            {
                return number;
            }

            var socket = new Descriptor(number);
            int result = deadline.IsNever ? 0 : LibC.SetSendTimeout(number, deadline.Nanoseconds);
            if (result >= 0)
            {
                result = LibC.Connect(number, path);
            }

            if (result >= 0)
            {
                result = LibC.SetBlocking(number, blocking: false);
            }

            if (result >= 0)
            {
                connection = socket;
                return 0;
            }

            socket.Dispose();
            if (result == LibC.Again)
            {
                return LibC.TimedOut;
            }

            if (result != LibC.Interrupted)
            {
                return result;
            }
        }
    }

    /// <summary>Sets the permissions of the file that was just bound, before anybody can connect; and never those of a file that somebody put there instead.</summary>
    private static int Prepare(int directory, string name, int mode, out FileStatus status)
    {
        status = default;
        int file = LibC.OpenAt(directory, name, LibC.OpenPathOnly, 0);
        if (file < 0)
        {
            return file;
        }

        int result = LibC.StatusOf(file, out status);
        if (result >= 0)
        {
            result = status.IsSocket ? LibC.ChangeMode(LibC.PathOf(file), mode & EveryoneMayConnect) : LibC.Exists;
        }

        _ = LibC.Close(file);
        return result;
    }
}

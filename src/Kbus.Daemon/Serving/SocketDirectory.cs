using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>One directory with sockets in it, by its descriptor: it stays that directory wherever its path leads later.</summary>
/// <remarks>
/// Nothing here follows a link, and nothing is removed but sockets that nobody listens at, or that the caller made. The parents of the
/// directory may be links.
/// </remarks>
internal sealed class SocketDirectory : IDisposable
{
    private const int CurrentDirectory = -100;
    private readonly Descriptor _directory;

    private SocketDirectory(Descriptor directory, FileStatus status)
    {
        _directory = directory;
        Status = status;
    }

    /// <summary>Every name that a daemon's socket can have.</summary>
    public static IEnumerable<string> SocketNames { get; } =
        [RuntimeDirectory.Control, .. Enumerable.Range(0, Daemon.MostBuses).Select(n => RuntimeDirectory.Bus((uint)n))];

    /// <summary>The directory's descriptor.</summary>
    public int Number => _directory.Number;

    /// <summary>Which directory it was when it was opened, whose, and with which permissions.</summary>
    public FileStatus Status { get; }

    /// <summary>Opens a directory; made before if there is none, with the parents it needs.</summary>
    /// <exception cref="KbusdException">It cannot be; the message says why.</exception>
    public static SocketDirectory OpenOrMake(string path)
    {
        int number = Open(path);
        if (number == -(int)Errno.ENOENT)
        {
            Make(path);
            number = Open(path);
        }

        if (number < 0)
        {
            bool isLink = LibC.StatusAt(CurrentDirectory, path, out FileStatus found) >= 0 && found.IsLink;
            throw new KbusdException(isLink
                ? $"{path} is a symbolic link. Name the directory that it leads to: whoever changes a link would move the buses."
                : $"{path} cannot be opened: {ServingDirectory.Words(number)}.");
        }

        var directory = new Descriptor(number);
        int result = LibC.StatusOf(number, out FileStatus status);
        if (result >= 0)
        {
            return new SocketDirectory(directory, status);
        }

        directory.Dispose();
        throw new KbusdException($"{path} cannot be opened (statx: {ServingDirectory.Words(result)}).");
    }

    /// <summary>Whether a path leads to this directory now.</summary>
    public bool IsAt(string path)
    {
        int number = Open(path);
        if (number < 0)
        {
            // Without a descriptor it cannot be checked. That does not mean that it was removed.
            return number is -(int)Errno.EMFILE or -(int)Errno.ENFILE;
        }

        using var found = new Descriptor(number);
        return LibC.StatusOf(number, out FileStatus status) >= 0 && status.IsSame(Status);
    }

    /// <summary>Whether a name in it is that of this file.</summary>
    public bool Has(string name, FileStatus file) => LibC.StatusAt(Number, name, out FileStatus found) >= 0 && found.IsSocket && found.IsSame(file);

    /// <summary>Finds out whether anybody listens at a socket.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="process">Who listens; zero if that is not known.</param>
    public SocketAnswer Ask(string name, out int process)
    {
        process = 0;
        if (LibC.StatusAt(Number, name, out FileStatus found) < 0 || !found.IsSocket)
        {
            return SocketAnswer.Absent;
        }

        int result = UnixSocket.ConnectAt(Number, name, out Descriptor? connection);
        using (connection)
        {
            if (result >= 0)
            {
                process = LibC.PeerCredentials(connection!.Number, out PeerCredentials peer) < 0 ? 0 : peer.ProcessId;
                return SocketAnswer.Living;
            }
        }

        return result switch
        {
            LibC.TimedOut => SocketAnswer.Living,
            -(int)Errno.ECONNREFUSED => SocketAnswer.Dead,
            -(int)Errno.ENOENT => SocketAnswer.Absent,
            _ => SocketAnswer.Unknown,
        };
    }

    /// <summary>The first socket in it at which somebody listens.</summary>
    /// <param name="isOurs">Whether a name is that of a socket of our own, or of one that we were given.</param>
    /// <returns>Its name and who listens; null if there is none.</returns>
    public (string Name, int Process)? FindLiving(Func<string, bool> isOurs)
    {
        foreach (string name in SocketNames)
        {
            if (!isOurs(name) && Ask(name, out int process) == SocketAnswer.Living)
            {
                return (name, process);
            }
        }

        return null;
    }

    /// <summary>Removes a socket if nobody listens at it. Only the holder of the directory's lock may call: another daemon might be about to listen.</summary>
    public void RemoveDead(string name)
    {
        if (Ask(name, out _) == SocketAnswer.Dead)
        {
            _ = LibC.UnlinkAt(Number, name);
        }
    }

    /// <summary>Removes a socket if it is this one.</summary>
    public void Remove(string name, FileStatus file)
    {
        if (Has(name, file))
        {
            _ = LibC.UnlinkAt(Number, name);
        }
    }

    /// <summary>Gives the directory to a user and a group. Zero or <c>-errno</c>.</summary>
    public int GiveTo(uint user, uint group) => LibC.ChangeOwner(Number, user, group);

    /// <summary>Closes the descriptor.</summary>
    public void Dispose() => _directory.Dispose();

    private static int Open(string path) => LibC.Open(path, LibC.OpenPathOnly | LibC.OpenDirectory | LibC.OpenNoFollow, 0);

    private static void Make(string path)
    {
        try
        {
            // All users may use the machine's directory. Any other is for its maker alone, unless the maker changes that.
            UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            if (path == RuntimeDirectory.OfTheMachine)
            {
                mode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            }

            Directory.CreateDirectory(path, mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KbusdException($"{path} cannot be made: {ServingDirectory.Words(e)}.");
        }
    }
}

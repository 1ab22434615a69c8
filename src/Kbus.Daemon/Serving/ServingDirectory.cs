using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>The directory that a daemon serves: made if need be, locked against a second daemon, with the sockets that the daemon listens at.</summary>
/// <remarks>
/// <para>Only sockets with the names of a daemon's sockets are removed here. Each is either the one that this daemon made (same device and inode), or one
/// at which nobody listens while this daemon holds the lock. Sockets that a supervisor passed are never changed.</para>
/// <para>Any thread may add a socket. Repairs belong to the listening thread. A thread that holds the lock must not write into the log, because a line may
/// need the lock for the log's file.</para>
/// </remarks>
internal sealed class ServingDirectory : IDisposable
{
    private const long PauseNanoseconds = 20_000_000;
    private static readonly TimeSpan TimeForAnother = TimeSpan.FromSeconds(8);

    private readonly Lock _lock = new();
    private readonly List<ListeningSocket> _sockets = [];
    private SocketDirectory _directory;
    private DirectoryLock _held;
    private bool _isDisposed;

    private ServingDirectory(string path, SocketDirectory directory, DirectoryLock held)
    {
        Path = path;
        _directory = directory;
        _held = held;
    }

    /// <summary>Its path, absolute.</summary>
    public string Path { get; }

    /// <summary>The descriptor of the directory that is served now.</summary>
    public int Number => _directory.Number;

    /// <summary>What other users may do to this directory although they should not; null if nothing.</summary>
    public string? Complaint => _directory.Status switch
    {
        { AnybodyMayRemove: true } => "every user may change it, and put a socket of his own in the place of a bus. Take that permission away",
        { UserId: var owner } when owner != 0 && owner != LibC.UserId() =>
            $"user {owner} owns it, and can put a socket of his own in the place of a bus. Serve a directory of kbusd's own user",
        _ => null,
    };

    /// <summary>Locks a directory for this daemon.</summary>
    /// <exception cref="KbusdException">It cannot be used; the message says why.</exception>
    public static ServingDirectory Take(string directory)
    {
        string path = System.IO.Path.TrimEndingDirectorySeparator(directory);
        int longest = LibC.LongestSocketPath - "/control".Length;
        if (System.Text.Encoding.UTF8.GetByteCount(path) > longest)
        {
            throw new KbusdException($"{path} is too long for the sockets in it: {longest} bytes are possible.");
        }

        SocketDirectory opened = SocketDirectory.OpenOrMake(path);
        DirectoryLock? held = null;
        try
        {
            held = WaitForLock(path, opened);
            if (opened.FindLiving(ServiceActivation.IsPassed) is { } living)
            {
                throw new KbusdException(Answered(path, living));
            }

            // Only the holder of the lock gets here, so these are sockets of a daemon that has died.
            foreach (string name in SocketDirectory.SocketNames.Where(n => !ServiceActivation.IsPassed(n)))
            {
                opened.RemoveDead(name);
            }

            return new ServingDirectory(path, opened, held);
        }
        catch
        {
            held?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    /// <summary>An error code of a call, in words.</summary>
    public static string Words(int result) => ((Errno)(-result)).Describe();

    /// <summary>Why the system refused a file. The library's own words are left out of the shipped daemon, to keep it small.</summary>
    public static string Words(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT.Describe(),
        UnauthorizedAccessException => Errno.EACCES.Describe(),
        IOException { HResult: > 0 } io => ((Errno)io.HResult).Describe(),
        _ => e.GetType().Name,
    };

    /// <summary>Opens a socket, or takes the one that a supervisor passed. Any thread may call.</summary>
    /// <param name="name">Its name in the directory.</param>
    /// <param name="backlog">How many connections may wait.</param>
    /// <param name="mode">Permissions of its file.</param>
    /// <param name="token">What the listening thread is to know it by.</param>
    /// <exception cref="KbusdException">It cannot be opened.</exception>
    public ListeningSocket Listen(string name, int backlog, int mode, ulong token)
    {
        if (ServiceActivation.Take(name) is { } passed)
        {
            return new ListeningSocket(name, backlog, mode) { Descriptor = passed, Token = token };
        }

        lock (_lock)
        {
            (Descriptor descriptor, FileStatus file) = Make(name, backlog, mode);
            var socket = new ListeningSocket(name, backlog, mode) { Descriptor = descriptor, File = file, Token = token };
            _sockets.Add(socket);
            return socket;
        }
    }

    /// <summary>Closes a socket; its file goes, if it is still ours.</summary>
    public void Close(ListeningSocket socket)
    {
        lock (_lock)
        {
            // Removed before it is closed: until then no other file can have its inode.
            if (socket.File is { } file)
            {
                _directory.Remove(socket.Name, file);
            }

            _sockets.Remove(socket);
            socket.Descriptor.Dispose();
        }
    }

    /// <summary>Opens a file in it, never through a link. Any thread may call. Its descriptor or <c>-errno</c>.</summary>
    public int OpenFile(string name, int flags, int mode)
    {
        lock (_lock)
        {
            return _isDisposed ? -(int)Errno.EBADF : LibC.OpenAt(_directory.Number, name, flags, mode);
        }
    }

    /// <summary>Gives a file in it another name. Any thread may call.</summary>
    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            _ = _isDisposed ? 0 : LibC.RenameAt(_directory.Number, from, to);
        }
    }

    /// <summary>Makes the directory, its lock and its sockets again where they are missing. Only the listening thread calls.</summary>
    /// <param name="replacing">Called with a socket and what will listen in its place, before the old one is closed. No lock is held.</param>
    public Mending Mend(Action<ListeningSocket, Descriptor> replacing)
    {
        List<(ListeningSocket Socket, Descriptor Descriptor, FileStatus File)> made = [];
        Mending mending = MakeMissing(made);

        // Connections that wait at an old socket are accepted now. That takes locks that other threads hold while they open a socket here.
        foreach ((ListeningSocket socket, Descriptor descriptor, FileStatus file) in made)
        {
            replacing(socket, descriptor);
            lock (_lock)
            {
                socket.Descriptor.Dispose();
                (socket.Descriptor, socket.File) = (descriptor, file);
            }
        }

        return mending;
    }

    /// <summary>Lets go of the directory. Its sockets were closed before.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _held.Dispose();
            _directory.Dispose();
        }
    }

    private Mending MakeMissing(List<(ListeningSocket Socket, Descriptor Descriptor, FileStatus File)> made)
    {
        lock (_lock)
        {
            try
            {
                bool isMoved = !_directory.IsAt(Path);
                bool isUnlocked = isMoved || !_held.IsIn(_directory.Number);
                if (isUnlocked && TakeAgain(isMoved) is { } trouble)
                {
                    return trouble;
                }

                List<string> what = isMoved ? ["the directory"] : isUnlocked ? [RuntimeDirectory.Lock] : [];

                // The control socket comes last, as at the start: while it answers, the buses exist.
                foreach (ListeningSocket socket in _sockets.Where(s => !_directory.Has(s.Name, s.File!.Value)).OrderBy(s => s.Name == RuntimeDirectory.Control))
                {
                    _directory.RemoveDead(socket.Name);
                    (Descriptor descriptor, FileStatus file) = Make(socket.Name, socket.Backlog, socket.Mode);
                    made.Add((socket, descriptor, file));
                    what.Add(socket.Name);
                }

                return what.Count == 0 ? new Mending(MendingOutcome.Whole) : new Mending(MendingOutcome.Mended, string.Join(", ", what));
            }
            catch (KbusdException e)
            {
                return new Mending(MendingOutcome.Waiting, e.Message);
            }
        }
    }

    /// <summary>Locks a directory. Waits a little if another daemon holds the lock without answering: it may be starting or ending.</summary>
    /// <exception cref="KbusdException">It cannot be locked; the message says why.</exception>
    public static DirectoryLock WaitForLock(string path, SocketDirectory directory)
    {
        Deadline deadline = Deadline.After(TimeForAnother);
        while (true)
        {
            if (DirectoryLock.TryTake(directory.Number, out DirectoryLock? taken, out string? failure))
            {
                return taken!;
            }

            if (failure is not null)
            {
                throw new KbusdException($"{RuntimeDirectory.LockFile(path)} {failure}.");
            }

            if (directory.Ask(RuntimeDirectory.Control, out _) == SocketAnswer.Living)
            {
                throw new KbusdException($"A kbusd is running on {path} already. Stop it first, or choose another --runtime-dir.");
            }

            if (deadline.HasPassed)
            {
                throw new KbusdException($"Another process holds {RuntimeDirectory.LockFile(path)}, but no kbusd answers in {path}. It may have been stopped, "
                    + "or run on another machine that shares the directory. End it first, or choose another --runtime-dir.");
            }

            _ = LibC.Poll([], deadline.NanosecondsAtMost(PauseNanoseconds));
        }
    }

    private static string Answered(string path, (string Name, int Process) living) =>
        $"{System.IO.Path.Join(path, living.Name)} is answered already{(living.Process > 0 ? $", by process {living.Process}" : string.Empty)}, "
        + $"although nobody holds {RuntimeDirectory.LockFile(path)}. Stop that process first, or choose another --runtime-dir.";

    /// <summary>Takes the lock again, of the directory that the path leads to now. Null on success.</summary>
    private Mending? TakeAgain(bool isMoved)
    {
        SocketDirectory place = isMoved ? SocketDirectory.OpenOrMake(Path) : _directory;
        bool isFree = DirectoryLock.TryTake(place.Number, out DirectoryLock? taken, out string? failure);

        // A new daemon that finds our sockets answering ends again. One that answers itself has replaced this one.
        (string, int)? other = place.FindLiving(n => ServiceActivation.IsPassed(n) || _sockets.Any(s => s.Name == n && place.Has(n, s.File!.Value)));
        if (isFree && other is null)
        {
            _held.Dispose();
            _held = taken!;
            if (isMoved)
            {
                _sockets.ForEach(s => _directory.Remove(s.Name, s.File!.Value));
                _directory.Dispose();
                _directory = place;
            }

            return null;
        }

        taken?.Dispose();
        if (isMoved)
        {
            place.Dispose();
        }

        if (!isFree && failure is null && other is not null)
        {
            return new Mending(MendingOutcome.Lost, $"another kbusd has taken {Path}");
        }

        string lockFile = RuntimeDirectory.LockFile(Path);
        return new Mending(
            MendingOutcome.Waiting,
            failure is not null ? $"{lockFile} {failure}." : other is { } living ? Answered(Path, living) : $"Another process holds {lockFile}.");
    }

    private (Descriptor Descriptor, FileStatus File) Make(string name, int backlog, int mode)
    {
        int result = UnixSocket.Listen(_directory.Number, name, backlog, mode, out Descriptor? descriptor, out FileStatus file);
        if (result >= 0)
        {
            return (descriptor!, file);
        }

        string path = System.IO.Path.Join(Path, name);
        throw new KbusdException(result == -(int)Errno.EADDRINUSE
            ? $"{path} exists already, and is nothing that kbusd may remove: only sockets at which nobody listens are. Remove it, or choose another --runtime-dir."
            : $"{path} cannot be opened: {Words(result)}.");
    }
}

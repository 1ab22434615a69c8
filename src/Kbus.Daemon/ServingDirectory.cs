using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The directory that a daemon serves: made if need be, locked against a second daemon, freed of a dead one's sockets.</summary>
internal static class ServingDirectory
{
    /// <summary>Takes a directory for this daemon alone.</summary>
    /// <returns>The lock, to be held as long as the daemon serves.</returns>
    /// <exception cref="KbusdException">It cannot be used; the message says why.</exception>
    public static Descriptor Take(string directory)
    {
        Make(directory);
        string path = RuntimeDirectory.LockFile(directory);
        int number = LibC.Open(path, LibC.OpenReadWrite | LibC.OpenCreate, 0x180);
        if (number < 0)
        {
            throw new KbusdException($"{path} cannot be made: {Words(number)}.");
        }

        var held = new Descriptor(number);
        if (LibC.Lock(number, LibC.LockExclusive | LibC.LockNonBlocking) < 0)
        {
            held.Dispose();
            throw new KbusdException($"A kbusd is running on {directory} already. Stop it first, or choose another --runtime-dir.");
        }

        // Only the holder of the lock gets here, so sockets found are those of a daemon that has died, or a supervisor's own.
        if (ServiceActivation.PassedCount > 0)
        {
            return held;
        }

        foreach (string socket in System.IO.Directory.EnumerateFileSystemEntries(directory, "bus*").Append(RuntimeDirectory.ControlSocket(directory)))
        {
            _ = LibC.Unlink(socket);
        }

        return held;
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

    private static void Make(string directory)
    {
        int longest = LibC.LongestSocketPath - "/control".Length;
        if (System.Text.Encoding.UTF8.GetByteCount(directory) > longest)
        {
            throw new KbusdException($"{directory} is too long for the sockets in it: {longest} bytes are possible.");
        }

        try
        {
            if (!System.IO.Directory.Exists(directory))
            {
                // The machine's own directory is everybody's; any other is its maker's alone until the maker says otherwise.
                UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                if (directory == RuntimeDirectory.OfTheMachine)
                {
                    mode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
                }

                System.IO.Directory.CreateDirectory(directory, mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KbusdException($"{directory} cannot be made: {Words(e)}.");
        }
    }
}

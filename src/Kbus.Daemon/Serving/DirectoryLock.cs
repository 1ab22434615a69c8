using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>The locked file <c>lock</c> of a directory: the one daemon that serves the directory holds it.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private const int OwnerAlone = 0x180;
    private const int MostAttempts = 16;

    private readonly Descriptor _file;
    private readonly FileStatus _status;

    private DirectoryLock(Descriptor file, FileStatus status)
    {
        _file = file;
        _status = status;
    }

    /// <summary>Makes the file if need be, and locks it if nobody has.</summary>
    /// <param name="directory">The directory's descriptor.</param>
    /// <param name="taken">The lock, if it was free.</param>
    /// <param name="failure">What failed, if that is no lock of somebody else: a sentence without its subject.</param>
    /// <returns>Whether it is ours now.</returns>
    public static bool TryTake(int directory, out DirectoryLock? taken, out string? failure)
    {
        (taken, failure) = (null, null);
        for (int i = 0; i < MostAttempts; i++)
        {
            // Opened without waiting: what has that name might be a pipe.
            int number = LibC.OpenAt(
                directory, RuntimeDirectory.Lock, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenNonBlocking | LibC.OpenNoTerminal, OwnerAlone);
            if (number < 0)
            {
                failure = Why(directory, number);
                return false;
            }

            var file = new Descriptor(number);
            if (LibC.StatusOf(number, out FileStatus status) < 0 || !status.IsRegular)
            {
                file.Dispose();
                failure = "is no file that could be locked. Remove it";
                return false;
            }

            int result = LibC.Lock(number, LibC.LockExclusive | LibC.LockNonBlocking);
            var held = new DirectoryLock(file, status);
            if (result >= 0 && held.IsIn(directory))
            {
                taken = held;
                return true;
            }

            held.Dispose();
            if (result < 0)
            {
                failure = result == LibC.Again ? null : $"cannot be locked (flock: {ServingDirectory.Words(result)}). "
                    + "Without a lock kbusd cannot know that it is the only one there. Choose a directory of this machine with --runtime-dir or KBUS_RUNTIME_DIR";
                return false;
            }

            // Somebody removed the file between the opening and the locking: it guards nothing.
        }

        return false;
    }

    /// <summary>Whether the directory's file of that name is the one that is locked.</summary>
    public bool IsIn(int directory) => LibC.StatusAt(directory, RuntimeDirectory.Lock, out FileStatus found) >= 0 && found.IsSame(_status);

    /// <summary>Lets go of it; the file stays.</summary>
    public void Dispose() => _file.Dispose();

    private static string Why(int directory, int result) =>
        LibC.StatusAt(directory, RuntimeDirectory.Lock, out FileStatus found) >= 0 && found.IsLink
            ? "is a symbolic link, and kbusd follows none there. Remove it"
            : $"cannot be opened: {ServingDirectory.Words(result)}";
}

using System.Globalization;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>The log of a detached daemon: standard error during the start, so that its starter learns of a failure, and then a file in its directory.</summary>
/// <remarks>
/// The file replaces standard error, so messages of the runtime are in it, too. A full file is renamed to <c>kbusd.log.old</c>, and another is begun.
/// After <see cref="Begin"/> only the thread of the <see cref="LogWriter"/> calls.
/// </remarks>
internal sealed class LogFile
{
    /// <summary>The greatest size of each of the two files, in bytes.</summary>
    public const long MostBytes = 256 * 1024;

    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private const int OwnerAlone = 0x180;

    private readonly ServingDirectory _directory;
    private long _length;

    private LogFile(ServingDirectory directory) => _directory = directory;

    /// <summary>From now on standard error is the file. The starter sees the end of what it reads.</summary>
    public static LogFile Begin(ServingDirectory directory)
    {
        var file = new LogFile(directory);
        int[] copies = Copies();
        file.Open();
        foreach (int copy in copies)
        {
            _ = LibC.DuplicateOnto(StandardError, copy);
        }

        return file;
    }

    /// <summary>Prepares for writing so many bytes. Begins another file if this one is full or has been removed.</summary>
    public void Prepare(int bytes)
    {
        bool isFull = _length + bytes > MostBytes;
        if (isFull)
        {
            _directory.Rename(RuntimeDirectory.Log, RuntimeDirectory.OldLog);
        }

        if (isFull || (LibC.StatusOf(StandardError, out FileStatus status) >= 0 && status.Names == 0))
        {
            Open();
        }

        _length += bytes;
    }

    /// <summary>Other descriptors of the same pipe as standard output or error. The runtime may have copied them, and a reader waits until all are closed.</summary>
    private static int[] Copies()
    {
        if (LibC.StatusOf(StandardOutput, out FileStatus output) < 0 || LibC.StatusOf(StandardError, out FileStatus error) < 0)
        {
            return [];
        }

        try
        {
            IEnumerable<int> open = Directory.GetFileSystemEntries("/proc/self/fd")
                .Select(f => int.Parse(Path.GetFileName(f.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture));
            return [.. open.Where(n => n > StandardError && LibC.StatusOf(n, out FileStatus found) >= 0 && found.IsPipe && (found.IsSame(output) || found.IsSame(error)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Opens the file. If that fails, lines are dropped, and the daemon continues to serve.</summary>
    private void Open()
    {
        int number = _directory.OpenFile(RuntimeDirectory.Log, LibC.OpenWriteOnly | LibC.OpenAppend | LibC.OpenCreate | LibC.OpenNonBlocking | LibC.OpenNoTerminal, OwnerAlone);
        if (number >= 0 && (LibC.StatusOf(number, out FileStatus status) < 0 || !status.IsRegular || status.Names != 1))
        {
            _ = LibC.Close(number);
            number = -1;
        }

        _length = number < 0 ? 0 : LibC.FileSize(number);
        number = number < 0 ? LibC.Open("/dev/null", LibC.OpenWriteOnly, 0) : number;
        if (number >= 0)
        {
            _ = LibC.DuplicateOnto(number, StandardOutput);
            _ = LibC.DuplicateOnto(number, StandardError);
            _ = LibC.Close(number);
        }
    }
}

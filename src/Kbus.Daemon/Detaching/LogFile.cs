using System.Globalization;
using System.Text;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The log of a detached daemon: standard error while it starts, so that its starter hears why it cannot, then a file in its directory.</summary>
/// <remarks>
/// The file takes the number of standard error, so what the runtime itself says is in it, too. When it has reached its size it becomes
/// <c>kbusd.log.old</c>, and another is begun. <c>Log</c> calls one thread at a time.
/// </remarks>
internal sealed class LogFile : TextWriter
{
    /// <summary>How long each of the two files may become.</summary>
    public const long MostBytes = 256 * 1024;

    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private const int OwnerAlone = 0x180;
    private const string Old = RuntimeDirectory.Log + ".old";

    private ServingDirectory? _directory;
    private long _length;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>From now on the lines go to the file, and nobody who started the daemon is kept waiting for more.</summary>
    public void Begin(ServingDirectory directory)
    {
        _directory = directory;
        int[] copies = Copies();
        Open();
        foreach (int copy in copies)
        {
            _ = LibC.DuplicateOnto(StandardError, copy);
        }
    }

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + '\n');

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value ?? string.Empty);
        if (_directory is not null)
        {
            bool isFull = _length + bytes.Length > MostBytes;
            if (isFull)
            {
                _directory.Rename(RuntimeDirectory.Log, Old);
            }

            if (isFull || (LibC.StatusOf(StandardError, out FileStatus status) >= 0 && status.Names == 0))
            {
                Open();
            }
        }

        for (int written = 0; written < bytes.Length;)
        {
            long result = LibC.Write(StandardError, bytes.AsSpan(written));
            if (result < 0)
            {
                throw new IOException(ServingDirectory.Words((int)result), (int)-result);
            }

            written += (int)result;
        }

        _length += bytes.Length;
    }

    /// <summary>Which other descriptors stand for what standard output or error is now: the runtime may have copied them, and a reader would wait for all.</summary>
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

    /// <summary>Opens the file; where that cannot be, lines go nowhere, and the daemon serves on.</summary>
    private void Open()
    {
        int number = _directory!.OpenFile(RuntimeDirectory.Log, LibC.OpenWriteOnly | LibC.OpenAppend | LibC.OpenCreate | LibC.OpenNonBlocking | LibC.OpenNoTerminal, OwnerAlone);
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

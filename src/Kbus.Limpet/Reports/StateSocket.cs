using System.Globalization;
using System.Net.Sockets;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>Answers what a Limpet's links are, at a Unix socket beside those of its bus, for as long as the Limpet runs.</summary>
/// <remarks>
/// <para>The socket is <c>limpet-PID</c> in the bus's runtime directory. Its permissions are those of kbusd's own control socket for the
/// user and the group, and none for others: the report has keys and addresses of peers. Who may connect sends the line <c>status</c> and
/// gets one JSON document.</para>
/// <para>Nothing of a Limpet depends on it. If the directory is not there, or the socket was removed, it is made later, or again.</para>
/// <para>Any thread may call.</para>
/// </remarks>
internal sealed class StateSocket : IDisposable
{
    /// <summary>How the name of each such socket begins.</summary>
    public const string Prefix = "limpet-";

    /// <summary>The question that is answered.</summary>
    public const string Question = "status";

    private const int WorkingDirectory = -100;
    private const int OfUser = 0x180;
    private const int OfGroup = 0x30;
    private const int Waiting = 64;
    private const int MostAtOnce = 32;
    private const int MostNames = 100;
    private const int LongestQuestion = 256;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<string> _directories;
    private readonly Func<LimpetReport> _report;
    private readonly LimpetOptions _options;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private Socket? _listener;
    private FileStatus _file;
    private string? _told;
    private int _open;
    private bool _isDisposed;

    /// <summary>Begins to answer.</summary>
    /// <param name="directories">Where the bus may be, in the order of the search.</param>
    /// <param name="report">Gives the report.</param>
    /// <param name="options">The receivers of what a person should know, and the source of time.</param>
    public StateSocket(IReadOnlyList<string> directories, Func<LimpetReport> report, LimpetOptions options)
    {
        (_directories, _report, _options) = (directories, report, options);
        Ensure();
        _timer = options.Time.CreateTimer(_ => Ensure(), null, Every, Every);
    }

    /// <summary>Where it answers; null if it does not, for now.</summary>
    public string? Path { get; private set; }

    /// <summary>Makes the socket, unless it is there.</summary>
    public void Ensure()
    {
        lock (_lock)
        {
            if (_isDisposed || IsThere())
            {
                return;
            }

            Close();
            string? why = Open();
            if (why is not null && why != _told)
            {
                _told = why;
                _options.Say(LimpetLogLevel.Warning, $"'kbus status' cannot show this Limpet: {why}.");
            }
        }
    }

    /// <summary>Answers no more, and removes the socket.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            Close();
        }
    }

    /// <summary>Removes the sockets of Limpets that have died.</summary>
    internal static void RemoveStale(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory, Prefix + "*"))
        {
            if (LibC.StatusAt(WorkingDirectory, path, out FileStatus file) >= 0 && file.IsSocket && file.UserId == LibC.UserId() && IsDead(path))
            {
                _ = LibC.Unlink(path);
            }
        }
    }

    private static bool IsDead(string path)
    {
        int result = UnixSocket.Connect(path, Deadline.Passed, out Descriptor? connection);
        connection?.Dispose();
        return result == -(int)Errno.ECONNREFUSED;
    }

    private bool IsThere() => _listener is not null && LibC.StatusAt(WorkingDirectory, Path!, out FileStatus file) >= 0 && file.IsSame(_file);

    private void Close()
    {
        // Removed before it is closed: until then no other file can have its inode.
        if (IsThere())
        {
            _ = LibC.Unlink(Path!);
        }

        _listener?.Dispose();
        (_listener, Path) = (null, null);
    }

    /// <summary>Opens it beside the first daemon that lets this user, or in the user's own directory.</summary>
    /// <returns>Why it cannot be; null if it is open, or if there is no bus yet.</returns>
    private string? Open()
    {
        string? why = null;
        foreach (string directory in _directories.Where(d => File.Exists(RuntimeDirectory.ControlSocket(d))))
        {
            why = Open(directory);
            if (why is null)
            {
                return null;
            }
        }

        // The machine's directory belongs to its kbusd, and this may be another user's Limpet.
        return why is not null && _directories.Count > 1 ? Open(_directories[^1]) : why;
    }

    private string? Open(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            RemoveStale(directory);

            // It gets its name when it listens: one that does not would be taken for dead.
            string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}");
            string hidden = System.IO.Path.Join(directory, $".{name}");
            string path = FreeName(System.IO.Path.Join(directory, name));
            _ = LibC.Unlink(hidden);
            int result = UnixSocket.Listen(hidden, Waiting, Permissions(directory), out Descriptor? descriptor);
            if (result < 0)
            {
                return Why(directory, (Errno)(-result));
            }

            _ = LibC.StatusAt(WorkingDirectory, hidden, out _file);
            result = LibC.RenameAt(WorkingDirectory, hidden, path);
            if (result < 0)
            {
                _ = LibC.Unlink(hidden);
                descriptor!.Dispose();
                return Why(directory, (Errno)(-result));
            }

            Path = path;
            _listener = new Socket(new SafeSocketHandle(descriptor!.Release(), ownsHandle: true));
            _ = AnswerAllAsync(_listener);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return Why(directory, Errno.EACCES);
        }
        catch (IOException e)
        {
            return Why(directory, (Errno)e.HResult);
        }
    }

    private static string Why(string directory, Errno error) => $"in {directory} no socket can be made, {KbusErrors.Name(error)} ({KbusErrors.UnixMeaning(error)})";

    /// <summary>One process may have several Limpets, and one directory those of several machines.</summary>
    private static string FreeName(string path)
    {
        string free = path;
        for (int i = 2; i < MostNames && File.Exists(free); i++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{path}-{i}");
        }

        return free;
    }

    /// <summary>As those of the control socket, if that is this user's own.</summary>
    private static int Permissions(string directory) =>
        LibC.StatusAt(WorkingDirectory, RuntimeDirectory.ControlSocket(directory), out FileStatus control) >= 0 && control.UserId == LibC.UserId()
            ? OfUser | (control.Permissions & OfGroup)
            : OfUser;

    private async Task AnswerAllAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket asker = await listener.AcceptAsync().ConfigureAwait(false);
                if (Interlocked.Increment(ref _open) <= MostAtOnce)
                {
                    _ = AnswerAsync(asker);
                }
                else
                {
                    Interlocked.Decrement(ref _open);
                    asker.Dispose();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It listens no more. If that was not asked for, the timer makes another.
            lock (_lock)
            {
                if (_listener == listener)
                {
                    Close();
                }
            }
        }
    }

    private async Task AnswerAsync(Socket asker)
    {
        // Closed last: who sees the end of a connection can read why it ended.
        using Socket closedAtEnd = asker;
        try
        {
            using var limit = new CancellationTokenSource(Limit, _options.Time);
            byte[] question = new byte[LongestQuestion];
            int count = 0;
            int more;
            do
            {
                more = await asker.ReceiveAsync(question.AsMemory(count), limit.Token).ConfigureAwait(false);
                count += more;
            }
            while (more > 0 && count < question.Length && question[count - 1] != (byte)'\n');

            ReadOnlyMemory<byte> answer = question.AsSpan(0, count).SequenceEqual("status\n"u8)
                ? _report().ToJson()
                : "{\"error\":\"only the question 'status' is known here\"}"u8.ToArray();
            while (answer.Length > 0)
            {
                answer = answer[await asker.SendAsync(answer, limit.Token).ConfigureAwait(false)..];
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It does not wait for the answer, or says nothing.
        }
        catch (Exception e)
        {
            _options.Say(LimpetLogLevel.Error, $"A question about the state was given up by a fault of this Limpet. Please report this: {e}");
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}

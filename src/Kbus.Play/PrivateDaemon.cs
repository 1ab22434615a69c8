using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Play;

/// <summary>A daemon of the play's own, in a directory of its own. Both are gone when it has been disposed of.</summary>
internal sealed class PrivateDaemon : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _directory;
    private readonly Process? _process;
    private readonly StringBuilder _said = new();

    /// <summary>Starts it. When this returns Ksocks can be opened.</summary>
    /// <param name="buses">The number of its buses.</param>
    /// <exception cref="PlayException">It cannot be started.</exception>
    public PrivateDaemon(int buses)
    {
        string program = OwnProgram.Daemon();
        _directory = System.IO.Directory.CreateTempSubdirectory("kbus-play-");
        try
        {
            // It notifies a supervisor when it is ready. So we listen as one would, and need not poll.
            string notifications = Path.Join(Directory, "ready");
            using var ready = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)StartLimit.TotalMilliseconds };
            ready.Bind(new UnixDomainSocketEndPoint(notifications));
            var start = new ProcessStartInfo(program, ["--runtime-dir", Directory, "--buses", $"{buses}", "--exit-when-idle", "60"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["NOTIFY_SOCKET"] = notifications;
            _process = new Process { StartInfo = start, EnableRaisingEvents = true };
            _process.Exited += (_, _) => ready.Dispose();
            _process.ErrorDataReceived += (_, said) => Hear(said.Data);
            _process.Start();
            _process.BeginErrorReadLine();
            byte[] notification = new byte[256];
            while (!Encoding.UTF8.GetString(notification, 0, ready.Receive(notification)).Contains("READY=1", StringComparison.Ordinal))
            {
                // Supervisors receive other notices too.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or Win32Exception or ArgumentOutOfRangeException)
        {
            Dispose();
            string said = Said;
            string why = said.Length > 0 ? said : e is Win32Exception ? "" : "it did not say that it is ready.";
            throw new PlayException(isWithoutBus: true, $"{program} could not be started on {Directory}: {why}", why.Length == 0 ? e : null);
        }
    }

    /// <summary>Where its sockets are.</summary>
    public string Directory => _directory.FullName;

    /// <summary>What it has printed so far.</summary>
    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString().Trim();
            }
        }
    }

    /// <summary>Ends it and removes its directory.</summary>
    public void Dispose()
    {
        try
        {
            if (_process is not null)
            {
                Termination.Ask(_process);
                Termination.Await(_process, EndLimit);
            }
        }
        catch (InvalidOperationException)
        {
            // It was never started.
        }

        _process?.Dispose();
        _directory.Refresh();
        if (_directory.Exists)
        {
            _directory.Delete(recursive: true);
        }
    }

    private void Hear(string? line)
    {
        lock (_said)
        {
            _said.Append(line).Append(' ');
        }
    }
}

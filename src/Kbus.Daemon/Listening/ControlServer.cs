using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Answers questions about the daemon: a connection sends one line and gets one JSON document. It uses up no ids.</summary>
/// <remarks>Questions are answered outside the listening thread, a bounded number at a time, each within a time limit.</remarks>
internal sealed class ControlServer : IDisposable
{
    private const int MostAtOnce = 16;
    private const int LongestQuestion = 256;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    private readonly Daemon _daemon;
    private readonly ListeningSocket _socket;
    private int _running;

    /// <summary>Opens the socket.</summary>
    /// <exception cref="KbusdException">It cannot be opened.</exception>
    public ControlServer(Daemon daemon, int mode, ulong token)
    {
        _daemon = daemon;
        _socket = daemon.Serving.Listen(RuntimeDirectory.Control, MostAtOnce, mode, token);
    }

    /// <summary>The socket that takes the connections.</summary>
    public Descriptor Listener => _socket.Descriptor;

    /// <summary>Answers a connection, or hangs up if there are too many.</summary>
    public void Serve(Descriptor connection)
    {
        if (Interlocked.Increment(ref _running) > MostAtOnce)
        {
            Interlocked.Decrement(ref _running);
            connection.Dispose();
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(Answer, connection, preferLocal: false);
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _daemon.Serving.Close(_socket);

    private void Answer(Descriptor connection)
    {
        try
        {
            Deadline deadline = Deadline.After(TimeLimit);
            if (TryReadLine(connection, deadline, out string question))
            {
                Write(connection, Reply(question, Viewer(connection), deadline), deadline);
            }
        }
        catch (Exception e)
        {
            _daemon.Log.GivenUp("a question about the status", e);
        }
        finally
        {
            connection.Dispose();
            Interlocked.Decrement(ref _running);
        }
    }

    private byte[] Reply(string question, StatusViewer? viewer, Deadline deadline) => question switch
    {
        "status" => StatusReport.Make(_daemon, viewer, deadline),
        "charges" => ChargesReport.Make(_daemon, viewer, deadline),
        _ => [],
    };

    /// <summary>Who asks; null if there is no policy, and everybody may see everything.</summary>
    private StatusViewer? Viewer(Descriptor connection)
    {
        if (_daemon.Policy is not { } policy)
        {
            return null;
        }

        bool isKnown = LibC.PeerCredentials(connection.Number, out PeerCredentials peer) >= 0;
        return new StatusViewer(policy, isKnown ? Peers.Identify(connection.Number, peer) : Identity.Unknown);
    }

    private static bool TryReadLine(Descriptor connection, Deadline deadline, out string line)
    {
        byte[] bytes = new byte[LongestQuestion];
        int filled = 0;
        line = string.Empty;
        while (filled < bytes.Length && LibC.Poll(connection.Number, LibC.PollIn, deadline) > 0)
        {
            int received = LibC.Receive(connection.Number, bytes.AsSpan(filled), LibC.MessageDontWait);
            if (received <= 0)
            {
                return false;
            }

            filled += received;
            int end = bytes.AsSpan(0, filled).IndexOf((byte)'\n');
            if (end >= 0)
            {
                line = System.Text.Encoding.ASCII.GetString(bytes, 0, end);
                return true;
            }
        }

        return false;
    }

    private static void Write(Descriptor connection, ReadOnlySpan<byte> bytes, Deadline deadline)
    {
        while (!bytes.IsEmpty && LibC.Poll(connection.Number, LibC.PollOut, deadline) > 0)
        {
            int sent = LibC.Send(connection.Number, bytes, LibC.MessageDontWait);
            if (sent <= 0)
            {
                return;
            }

            bytes = bytes[sent..];
        }
    }
}

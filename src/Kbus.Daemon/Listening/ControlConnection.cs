using System.Text;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>What a connection to the control socket waits for.</summary>
internal enum ControlState
{
    /// <summary>The rest of its question.</summary>
    Asking,

    /// <summary>The next page of its answer, which a bus fills in.</summary>
    Waiting,

    /// <summary>Its process, which must read the finished part of the answer.</summary>
    Sending,

    /// <summary>Nothing: it has been answered, or has closed.</summary>
    Done,
}

/// <summary>One connection to the control socket: it sends one line and gets one JSON document. No call here waits.</summary>
/// <remarks>It costs no thread, and no more memory than its question or one page of its answer. Only the status thread uses it.</remarks>
/// <param name="socket">The connection, which does not block.</param>
/// <param name="peer">Who asks.</param>
/// <param name="token">Its number in the epoll set.</param>
internal sealed class ControlConnection(Descriptor socket, PeerCredentials peer, ulong token) : IDisposable
{
    private const int LongestQuestion = 256;
    private const int MostDrained = 64 * 1024;
    private readonly byte[] _question = new byte[LongestQuestion];
    private byte[] _last = [];
    private int _filled;
    private int _sent;

    /// <summary>The process that asks, as the kernel reports it.</summary>
    public PeerCredentials Peer => peer;

    /// <summary>Its number in the epoll set.</summary>
    public ulong Token => token;

    /// <summary>The socket's number, for the epoll set.</summary>
    public int Number => socket.Number;

    /// <summary>What it waits for.</summary>
    public ControlState State { get; private set; }

    /// <summary>The time of its last progress, in nanoseconds: it connected, received a page, or read some of it.</summary>
    public long LastProgress { get; set; } = LibC.MonotonicNanoseconds();

    /// <summary>The number of the last page that its user was given, so that users take turns.</summary>
    public ulong UserServed { get; set; }

    /// <summary>The number of the last page that it was given itself.</summary>
    public ulong Served { get; set; }

    /// <summary>The answer, once it is being made.</summary>
    public Report? Report { get; private set; }

    /// <summary>Reads the available part of the question.</summary>
    /// <returns>The question without its end of line; null if it is not complete; empty if it is too long.</returns>
    public string? ReadQuestion()
    {
        while (State == ControlState.Asking)
        {
            int received = LibC.Receive(socket.Number, _question.AsSpan(_filled), LibC.MessageDontWait);
            if (received <= 0)
            {
                State = received == LibC.Again ? State : ControlState.Done;
                return null;
            }

            _filled += received;
            int end = _question.AsSpan(0, _filled).IndexOf((byte)'\n');
            if (end >= 0 || _filled == LongestQuestion)
            {
                return Encoding.ASCII.GetString(_question, 0, Math.Max(0, end));
            }
        }

        return null;
    }

    /// <summary>Begins to answer with a report.</summary>
    public void Answer(Report report)
    {
        Report = report;
        Send();
    }

    /// <summary>Answers with an error and nothing else, unless it is being answered already.</summary>
    /// <param name="error">A JSON document.</param>
    public void Refuse(byte[] error)
    {
        if (State == ControlState.Asking)
        {
            _last = error;
            Send();
        }
    }

    /// <summary>Adds a piece of its answer that a bus has copied.</summary>
    public void Take(ReportPiece piece)
    {
        Report!.Write(piece);
        Send();
    }

    /// <summary>Gives up the bus whose page it waits for.</summary>
    public void Miss()
    {
        Report!.Miss();
        Send();
    }

    /// <summary>Sends the finished part of the answer, and updates what it waits for.</summary>
    public void Send()
    {
        ReadOnlySpan<byte> made = Report is { } report ? report.Made : _last;
        while (_sent < made.Length)
        {
            int sent = LibC.Send(socket.Number, made[_sent..], LibC.MessageDontWait);
            if (sent <= 0)
            {
                State = sent == LibC.Again ? ControlState.Sending : ControlState.Done;
                return;
            }

            _sent += sent;
            LastProgress = LibC.MonotonicNanoseconds();
        }

        _sent = 0;
        Report?.Clear();
        State = Report?.Bus is null ? ControlState.Done : ControlState.Waiting;
    }

    /// <summary>Its process has closed it, or reads nothing. Its answer is given up.</summary>
    public void GiveUp() => State = ControlState.Done;

    /// <summary>Returns the report for another question; null if there is none.</summary>
    public Report? TakeReport()
    {
        Report? report = Report;
        Report = null;
        return report;
    }

    /// <summary>Hangs up.</summary>
    public void Dispose()
    {
        if (!socket.IsOpen)
        {
            return;
        }

        // Unread bytes of the question would reset the connection, and the process would lose the rest of the answer.
        Span<byte> rest = stackalloc byte[4096];
        for (int drained = 0; drained < MostDrained && LibC.Receive(socket.Number, rest, LibC.MessageDontWait) > 0; drained += rest.Length)
        {
        }

        State = ControlState.Done;
        socket.Dispose();
        TakeReport()?.Dispose();
    }
}

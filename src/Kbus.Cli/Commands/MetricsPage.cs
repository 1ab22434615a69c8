using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Cli;

/// <summary>Metrics as a page for one who reads it now and then.</summary>
/// <remarks>
/// Any local user may connect to a port. So what a connection costs is bounded: one is served at a time, for a second at most, and the
/// report is made at most once a second, however many ask.
/// </remarks>
internal sealed class MetricsPage : IDisposable
{
    private const int LongestQuestion = 8192;
    private const int Waiting = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly Func<IReadOnlyList<string>> _report;
    private byte[] _lines = [];
    private long _madeAt;
    private readonly ManualResetEventSlim _closed = new();

    private MetricsPage(Socket listener, Func<IReadOnlyList<string>> report) => (_listener, _report) = (listener, report);

    /// <summary>Where it is served.</summary>
    public EndPoint Address => _listener.LocalEndPoint!;

    /// <summary>Listens at an address.</summary>
    /// <exception cref="CommandException">That is not possible; the message names the address and the reason.</exception>
    public static MetricsPage Open(IPEndPoint address, Func<IReadOnlyList<string>> report)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen(Waiting);
            return new MetricsPage(listener, report);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new CommandException(ExitCode.Failed, $"{address} cannot be listened at: {SystemFault.Describe(e)}", e);
        }
    }

    /// <summary>Serves until <see cref="Dispose"/>.</summary>
    public void Serve()
    {
        while (!_closed.IsSet)
        {
            try
            {
                using Socket connection = _listener.Accept();
                Answer(connection);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The reader has gone, or this ends. Without descriptors it is tried again when some are free.
                if (e is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets })
                {
                    _ = _closed.Wait(Limit);
                }
            }
        }
    }

    /// <summary>Ends <see cref="Serve"/>. Any thread may call.</summary>
    public void Dispose()
    {
        _closed.Set();
        _listener.Dispose();
    }

    private void Answer(Socket connection)
    {
        connection.ReceiveTimeout = connection.SendTimeout = (int)Limit.TotalMilliseconds;
        string[] question = Question(connection).Split(' ');
        (string status, byte[] body) = question switch
        {
            ["GET" or "HEAD", "/metrics", ..] => ("200 OK", Report()),
            ["GET" or "HEAD", ..] => ("404 Not Found", "Metrics are at /metrics.\n"u8.ToArray()),
            _ => ("405 Method Not Allowed", "Only GET is answered.\n"u8.ToArray()),
        };
        string head = $"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        byte[] answer = [.. Encoding.ASCII.GetBytes(head), .. question[0] == "HEAD" ? [] : body];
        for (int sent = 0; sent < answer.Length;)
        {
            sent += connection.Send(answer.AsSpan(sent));
        }

        connection.Shutdown(SocketShutdown.Send);
    }

    /// <summary>The first line of what the reader asks, when all of it is there.</summary>
    private static string Question(Socket connection)
    {
        long end = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        byte[] bytes = new byte[LongestQuestion];
        int length = 0;
        while (bytes.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int received = length < bytes.Length && Environment.TickCount64 < end ? connection.Receive(bytes.AsSpan(length)) : 0;
            if (received == 0)
            {
                throw new SocketException((int)SocketError.ConnectionAborted);
            }

            length += received;
        }

        return Encoding.ASCII.GetString(bytes.AsSpan(0, bytes.AsSpan().IndexOf("\r\n"u8)));
    }

    private byte[] Report()
    {
        long now = Environment.TickCount64;
        if (_lines.Length == 0 || now - _madeAt >= (long)Limit.TotalMilliseconds)
        {
            _lines = Encoding.UTF8.GetBytes(string.Concat(_report().Select(l => l + "\n")));
            _madeAt = now;
        }

        return _lines;
    }
}

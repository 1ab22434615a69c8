using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Kbus.Cli;

/// <summary>Asks a daemon about itself at its control socket. No Ksock is opened by it, so no id is used up and nobody's queue
/// changes.</summary>
internal static class DaemonQuestion
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private const int CredentialsSize = 12;
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(6);

    /// <summary>Gets the status document from the first daemon that is there.</summary>
    /// <param name="places">The directories to search, in this order.</param>
    /// <param name="limit">The time limit for the next piece of an answer; null for the usual one.</param>
    /// <returns>The daemon's JSON document.</returns>
    /// <exception cref="CommandException">No daemon answers. The message names the searched directories and the reason.</exception>
    public static byte[] Status(IReadOnlyList<string> places, TimeSpan? limit = null) => Ask("status", places, limit);

    /// <summary>Gets the report of held amounts.</summary>
    /// <inheritdoc cref="Status(IReadOnlyList{string}, TimeSpan?)"/>
    public static byte[] Charges(IReadOnlyList<string> places) => Ask("charges", places, limit: null);

    /// <summary>Asks the first daemon that is there.</summary>
    /// <param name="question">One word.</param>
    /// <param name="places">The directories to search, in this order.</param>
    /// <param name="limit">The time limit for an answer; null for the usual one.</param>
    /// <returns>The daemon's JSON document.</returns>
    /// <exception cref="CommandException">No daemon answers. The message names the searched directories and the reason.</exception>
    private static byte[] Ask(string question, IReadOnlyList<string> places, TimeSpan? limit)
    {
        var document = new MemoryStream();
        Ask(question, places, piece => document.Write(piece), limit);
        return Allowed(document.ToArray());
    }

    /// <summary>Copies the status document of the first daemon that is there, as it comes.</summary>
    /// <param name="places">The directories to search, in this order.</param>
    /// <param name="take">Called with each piece of it.</param>
    /// <exception cref="CommandException">No daemon answers. The message names the searched directories and the reason.</exception>
    public static void Status(IReadOnlyList<string> places, Action<ReadOnlySpan<byte>> take) => Ask("status", places, take, limit: null);

    private static void Ask(string question, IReadOnlyList<string> places, Action<ReadOnlySpan<byte>> take, TimeSpan? limit)
    {
        foreach (string place in places)
        {
            SocketError error = TryAsk(question, Path.Join(place, "control"), limit ?? UsualLimit, take, out int process);
            if (error == SocketError.Success)
            {
                return;
            }

            if (Fault(error, place, process) is { } fault)
            {
                throw new CommandException(ExitCode.NoBus, fault);
            }
        }

        string start = Environment.GetEnvironmentVariable("KBUS_AUTOSTART") == "0"
            ? "Start one with 'kbusd'; Ksocks do not start it, because of KBUS_AUTOSTART=0."
            : "The first Ksock that is opened starts one; so does 'kbusd'.";
        throw new CommandException(
            ExitCode.NoBus, $"no kbusd answers in {string.Join(" or ", places)}. {start} Name another place with --runtime-dir DIR.");
    }

    /// <summary>The document, unless it says that the policy does not let this user see any.</summary>
    internal static byte[] Allowed(byte[] document)
    {
        if (!document.AsSpan().StartsWith("{\"refused\":"u8))
        {
            return document;
        }

        using JsonDocument json = JsonDocument.Parse(document);
        throw new CommandException(ExitCode.Failed, $"EPERM: {json.RootElement.Text("refused")}");
    }

    /// <summary>The fault of the daemon in a directory; null if there is no daemon, and another directory may have one.</summary>
    private static string? Fault(SocketError error, string place, int process)
    {
        string daemon = $"the kbusd in {place}{(process > 0 ? $", process {process}," : "")}";
        return error switch
        {
            SocketError.InvalidArgument => $"no kbusd can be in {place}: the path is too long for a socket. Name a shorter one.",
            SocketError.AccessDenied => $"this user may not speak to the kbusd in {place}. Ask whoever runs it, or name another with --runtime-dir.",
            SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain =>
                $"{daemon} takes connections but does not answer: it is stopped (SIGSTOP, a debugger) or very busy. Let it go on (kill -CONT), or end it.",
            SocketError.ConnectionReset or SocketError.Shutdown => $"{daemon} closed the connection without an answer: it was ending, or it is no kbusd. Try again.",

            // Nothing is there, or what a kbusd that has died left behind.
            SocketError.AddressNotAvailable or SocketError.ConnectionRefused => null,
            _ => $"{daemon} cannot be asked: {error}.",
        };
    }

    /// <summary>Asks whoever listens at a socket.</summary>
    /// <param name="question">One word.</param>
    /// <param name="path">The socket.</param>
    /// <param name="limit">The time limit for the next piece of an answer.</param>
    /// <param name="take">Called with each piece of the answer.</param>
    /// <param name="process">The process of a kbusd that listens there; 0 if it is none, or not known.</param>
    internal static SocketError TryAsk(string question, string path, TimeSpan limit, Action<ReadOnlySpan<byte>> take, out int process)
    {
        process = 0;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = (int)limit.TotalMilliseconds,
                SendTimeout = (int)limit.TotalMilliseconds,
            };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            process = ProcessOf(socket);
            socket.Send(System.Text.Encoding.ASCII.GetBytes(question + "\n"));
            byte[] chunk = new byte[65536];
            int count;
            byte last = 0;
            while ((count = socket.Receive(chunk)) > 0)
            {
                take(chunk.AsSpan(0, count));
                last = chunk[count - 1];
            }

            return last != 0 ? SocketError.Success : SocketError.ConnectionReset;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (ArgumentOutOfRangeException)
        {
            // The path is too long for a socket, so no daemon can be there.
            return SocketError.InvalidArgument;
        }
    }

    /// <summary>The process that listens at the other end; 0 if that is not known. A socket from systemd is systemd's, and not named
    /// here.</summary>
    private static int ProcessOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[CredentialsSize];
        try
        {
            int process = socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == CredentialsSize ? MemoryMarshal.Read<int>(credentials) : 0;
            return process > 0 && File.ReadAllText($"/proc/{process}/comm") == "kbusd\n" ? process : 0;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}

using System.Net.Sockets;

namespace Kbus.Cli;

/// <summary>Asks a daemon about itself at its control socket. No Ksock is opened by it, so no id is used up and nobody's queue changes.</summary>
internal static class DaemonQuestion
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(6);

    /// <summary>Gets the status document from the first daemon that answers.</summary>
    /// <param name="places">Where to look, in this order.</param>
    /// <returns>The daemon's JSON document.</returns>
    /// <exception cref="CommandException">No daemon answers; the message says where one was looked for.</exception>
    public static byte[] Status(IReadOnlyList<string> places)
    {
        foreach (string place in places)
        {
            SocketError error = TryAsk(Path.Join(place, "control"), out byte[] document);
            if (error == SocketError.Success)
            {
                return document;
            }

            if (error == SocketError.AccessDenied)
            {
                throw new CommandException(ExitCode.NoBus, $"this user may not speak to the kbusd in {place}. Ask whoever runs it, or name another with --runtime-dir.");
            }
        }

        throw new CommandException(
            ExitCode.NoBus,
            $"no kbusd answers in {string.Join(" or ", places)}. The first Ksock that is opened starts one; so does 'kbusd'. Name another place with --runtime-dir DIR.");
    }

    private static SocketError TryAsk(string path, out byte[] document)
    {
        document = [];
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = (int)TimeLimit.TotalMilliseconds,
                SendTimeout = (int)TimeLimit.TotalMilliseconds,
            };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send("status\n"u8);
            var received = new MemoryStream();
            byte[] chunk = new byte[16384];
            int count;
            while ((count = socket.Receive(chunk)) > 0)
            {
                received.Write(chunk, 0, count);
            }

            document = received.ToArray();
            return document.Length > 0 ? SocketError.Success : SocketError.ConnectionReset;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (ArgumentOutOfRangeException)
        {
            // The path is too long for a socket, so no daemon can be there.
            return SocketError.AddressNotAvailable;
        }
    }
}

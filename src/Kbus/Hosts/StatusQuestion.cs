using System.Text.Json;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>Asks the daemon about itself at its control socket. No Ksock is opened by it, so no id is used up and nobody's queue changes.</summary>
internal static class StatusQuestion
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    /// <summary>Gets the status document, in JSON, from the daemon on whose buses Ksocks would be opened.</summary>
    /// <param name="directory">Where that daemon's sockets are; null for where it is found by itself.</param>
    /// <exception cref="KbusException">ENOENT: no daemon answers. Or what kept it from being asked.</exception>
    public static byte[] Ask(string? directory = null)
    {
        Deadline deadline = Deadline.After(TimeLimit);
        List<string> places = [.. (directory ?? RuntimeDirectory.Named) is { } named ? [named] : new[] { RuntimeDirectory.OfTheMachine, RuntimeDirectory.OfTheUser }.OfType<string>()];
        foreach (string place in places)
        {
            int result = UnixSocket.Connect(RuntimeDirectory.ControlSocket(place), deadline, out Descriptor? socket);
            if (result >= 0)
            {
                using (socket)
                {
                    return Answer(socket!.Number, deadline);
                }
            }

            if (result is not (-(int)Errno.ENOENT) and not (-(int)Errno.ECONNREFUSED))
            {
                throw Refusals.Of(
                    (Errno)(-result), result == -(int)Errno.ENAMETOOLONG ? "path" : null, $"The kbusd in {place} cannot be asked.", self: null, "open");
            }
        }

        throw Refusals.Of(Errno.ENOENT, "daemon", $"No kbusd answers in {string.Join(" or ", places)}.", self: null, "open");
    }

    /// <summary>The document, unless it says that the policy does not let this user see any.</summary>
    private static byte[] Allowed(byte[] document)
    {
        if (!document.AsSpan().StartsWith("{\"refused\":"u8))
        {
            return document;
        }

        using JsonDocument json = JsonDocument.Parse(document);
        throw Refusals.Of(Errno.EPERM, "policy", PrintableText.Of(json.RootElement.GetProperty("refused").GetString() ?? ""), self: null, "read");
    }

    private static byte[] Answer(int socket, Deadline deadline)
    {
        int result = LibC.Send(socket, "status\n"u8, LibC.MessageDontWait);
        var document = new List<byte>();
        Span<byte> piece = stackalloc byte[4096];
        while (result >= 0 && LibC.Poll(socket, LibC.PollIn, deadline) > 0)
        {
            result = LibC.Receive(socket, piece, LibC.MessageDontWait);
            if (result == 0)
            {
                byte[] whole = Allowed([.. document]);
                return !whole.AsSpan().StartsWith("{\"error\""u8)
                    ? whole
                    : throw Refusals.Of(
                        Errno.EBUSY, null, $"The kbusd gave no answer about itself: {PrintableText.Of(whole)}", self: null, "open");
            }

            if (result > 0)
            {
                document.AddRange(piece[..result]);
            }
        }

        throw Refusals.Of(
            result < 0 ? (Errno)(-result) : Errno.ETIMEDOUT, result < 0 ? null : "held", "The kbusd gave no answer about itself.", self: null, "open");
    }
}

using System.Net.Sockets;
using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>Asks the Limpets of some runtime directories about themselves, each at its own socket.</summary>
internal static class LimpetQuestion
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Asks all that are there. Sockets of Limpets that have died are passed over.</summary>
    /// <param name="places">The directories.</param>
    public static IReadOnlyList<LimpetAnswer> Ask(IReadOnlyList<string> places) =>
        [.. places.SelectMany(Sockets).Select(AskOne).OfType<LimpetAnswer>()];

    private static IEnumerable<string> Sockets(string place)
    {
        try
        {
            return [.. Directory.EnumerateFiles(place, StateSocket.Prefix + "*").Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static LimpetAnswer? AskOne(string path)
    {
        var document = new MemoryStream();
        SocketError error = DaemonQuestion.TryAsk(StateSocket.Question, path, Limit, piece => document.Write(piece), out _);
        if (error is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            return null;
        }

        byte[] bytes = document.ToArray();
        return error == SocketError.Success && LimpetStatus.Read(bytes) is { } status ? new LimpetAnswer(path, bytes, status, "")
            : new LimpetAnswer(path, [], null, error switch
            {
                SocketError.Success => "its answer is no report of a Limpet: it may be of another release",
                SocketError.AccessDenied => "this user may not ask it",
                SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain => "it does not answer: it is stopped (SIGSTOP, a debugger) or very busy",
                _ => $"it cannot be asked: {error}",
            });
    }
}

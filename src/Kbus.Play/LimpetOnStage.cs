using System.Diagnostics;

namespace Kbus.Play;

/// <summary>A <c>kbus limpet</c> of the play. It does its work by itself; what it says of it is read here.</summary>
internal static class LimpetOnStage
{
    private const string Listening = "Listening for a connection at";
    private const string Pair = "The other limpet's network id is";

    /// <summary>Waits until it listens, or has found its pair.</summary>
    /// <returns>Its next line; null if it has gone.</returns>
    public static string? TellsOfLink(Process limpet) => Hear(limpet, line => line.StartsWith(Listening, StringComparison.Ordinal) ? line : After(line, Pair));

    /// <summary>Waits until it has found its pair.</summary>
    /// <returns>Its next line; null if it has gone.</returns>
    public static string? TellsOfPair(Process limpet) => Hear(limpet, line => After(line, Pair));

    /// <summary>Ends it in good order.</summary>
    /// <returns>Its last line; null if it does not end.</returns>
    public static string? Leaves(Process limpet, TimeSpan limit)
    {
        Termination.Ask(limpet);
        string last = "";
        while (limpet.StandardOutput.ReadLine() is { } line)
        {
            last = line;
        }

        return limpet.WaitForExit(limit) ? last : null;
    }

    private static string? Hear(Process limpet, Func<string, string?> wanted)
    {
        while (limpet.StandardOutput.ReadLine() is { } line)
        {
            if (wanted(line) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Lines about the link begin with the Limpet's own network id.</summary>
    private static string? After(string line, string text)
    {
        int at = line.IndexOf(text, StringComparison.Ordinal);
        return at < 0 ? null : line[at..];
    }
}

using System.Diagnostics;

namespace Kbus.Languages;

/// <summary>A language, and how its player is started.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Start">What to start for a role.</param>
internal sealed record Language(string Name, Func<string, ProcessStartInfo> Start)
{
    /// <summary>All of them.</summary>
    /// <param name="playerInC">The compiled player.</param>
    public static IReadOnlyList<Language> All(string playerInC) =>
    [
        new("C#", role => new ProcessStartInfo(Environment.ProcessPath!, ["player", role])),
        new("C", role => new ProcessStartInfo(playerInC, [role])),
        new("Python", role => PythonInterpreter.Start(SourceOf("player.py"), role)),
    ];

    /// <summary>Where a player of this project is.</summary>
    public static string SourceOf(string player) => Path.Join(AppContext.BaseDirectory, "players", player);
}

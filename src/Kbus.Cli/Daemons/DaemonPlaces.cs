namespace Kbus.Cli;

/// <summary>Where a daemon may be found: the directories in which Ksocks are opened, in the order of the search.</summary>
internal static class DaemonPlaces
{
    private const string OfTheMachine = "/run/kbus";

    /// <summary>The directories to search: one, if it was named by option or environment.</summary>
    /// <param name="named">The directory that the options name; null if they do not.</param>
    /// <param name="environment">Gives a variable's value; replaced in tests.</param>
    public static IReadOnlyList<string> Find(string? named, Func<string, string?> environment)
    {
        if ((NotEmpty(named) ?? NotEmpty(environment("KBUS_RUNTIME_DIR"))) is { } one)
        {
            return [one];
        }

        string? user = NotEmpty(environment("XDG_RUNTIME_DIR")) is { } runtime
            ? Path.Join(runtime, "kbus")
            : NotEmpty(environment("HOME")) is { } home ? Path.Join(home, ".cache", "kbus") : null;
        return user is null ? [OfTheMachine] : [OfTheMachine, user];
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
